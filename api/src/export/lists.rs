//! Which lists can be exported, by which filters, and how a page of each is read.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use async_graphql::ID;
use chrono::{DateTime, NaiveDate, Utc};
use entity::Money;
use entity::assets::asset;
use entity::identity::Locale;
use uuid::Uuid;

use super::words::{flag, word};
use crate::app::App;
use crate::assets::row::Depth;
use crate::authz::Operation;
use crate::fault::{Code, Fault, Rejection};
use crate::graphql::connection::Page;
use crate::graphql::ids::{Kind, encode, expect};
use crate::identity::Actor;
use crate::listings::row::{Counters, ListingRow, Wants};
use crate::organisation::Reference;
use crate::{assets, listings, requests, savings, transfers};

/// Rows read by one statement.
const PART: usize = 500;

/// A list that was asked for, with its filter.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Cards of the caller's units.
    Assets(assets::read::Filter),
    /// Listings: those that others offer and, in any state, those of the caller's units.
    Listings(listings::read::Filter),
    /// Lines of requests.
    RequestLines(requests::read::LineFilter),
    /// Hand-overs.
    Transfers(transfers::read::Filter),
    /// Entries of the ledger of savings.
    SavingEntries(Box<savings::read::Filter>),
}

/// Where an export stands.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// Before the first row.
    Start,
    /// After this row.
    Id(Uuid),
    /// After this row of this time.
    At(DateTime<Utc>, Uuid),
    /// After this row of this day.
    Day(NaiveDate, Uuid),
    /// After the last.
    End,
}

type Headers = &'static [(&'static str, &'static str)];

const ASSETS: Headers = &[
    ("资产编号", "asset_number"),
    ("资产名称", "name"),
    ("单位", "unit"),
    ("资产分类代码", "category"),
    ("资产分类", "category name"),
    ("资产类型", "kind"),
    ("来源", "source"),
    ("品牌", "brand"),
    ("规格型号", "model"),
    ("序列号", "serial"),
    ("说明", "description"),
    ("资产状况", "condition"),
    ("存放地点", "place"),
    ("数量", "quantity"),
    ("计量单位", "measure"),
    ("原值(元)", "value"),
    ("价值依据", "value_basis"),
    ("取得日期", "acquired_on"),
    ("资金来源", "funding_source"),
    ("折旧月数", "depreciation_months"),
    ("最低使用月数", "min_service_months"),
    ("限制可见", "restricted"),
    ("状态", "state"),
    ("编号(系统)", "id"),
];
const LISTINGS: Headers = &[
    ("编号(系统)", "id"),
    ("资产名称", "name"),
    ("品牌", "brand"),
    ("规格型号", "model"),
    ("资产分类", "category name"),
    ("资产状况", "condition"),
    ("价值(元)", "value"),
    ("单位", "unit"),
    ("仓库方式", "custody"),
    ("状态", "state"),
    ("可用数量", "available"),
    ("上架时间", "listed at"),
];
const LINES: Headers = &[
    ("申请编号", "request number"),
    ("申请单位", "asking unit"),
    ("调出单位", "giving unit"),
    ("资产名称", "name"),
    ("申请数量", "quantity asked"),
    ("数量", "quantity"),
    ("状态", "state"),
    ("已交出", "released"),
    ("已接收", "received"),
    ("拒收", "refused"),
    ("遗失", "lost"),
    ("提交时间", "submitted at"),
    ("编号(系统)", "id"),
];
const TRANSFERS: Headers = &[
    ("调剂编号", "number"),
    ("调出单位", "giver"),
    ("调入单位", "receiver"),
    ("仓库方式", "custody"),
    ("状态", "state"),
    ("数量", "quantity"),
    ("已接收", "received"),
    ("拒收", "refused"),
    ("遗失", "lost"),
    ("批复文号", "approval number"),
    ("交出时间", "released at"),
    ("接收时间", "received at"),
    ("调出凭证号", "booked out"),
    ("调入凭证号", "booked in"),
    ("编号(系统)", "id"),
];
const SAVINGS: Headers = &[
    ("序号", "seq"),
    ("日期", "day"),
    ("类型", "entry"),
    ("方法", "method"),
    ("金额(元)", "amount"),
    ("数量", "quantity"),
    ("调出单位", "giver"),
    ("调入单位", "receiver"),
    ("调入区划", "receiving region"),
    ("资产分类", "category"),
    ("仓库方式", "custody"),
    ("方式", "mode"),
    ("重复利用", "repeat"),
    ("编号(系统)", "id"),
];

/// Filters as they stand in an address, each taken out once.
struct Asking(HashMap<String, String>);

impl Asking {
    fn id(&mut self, name: &str, kind: Kind) -> Result<Option<Uuid>, Rejection> {
        self.0.remove(name).map(|text| expect(kind, &ID(text), name)).transpose()
    }

    fn ids(&mut self, name: &str, kind: Kind) -> Result<Vec<Uuid>, Rejection> {
        let texts = self.0.remove(name).unwrap_or_default();
        let texts = texts.split(',').filter(|text| !text.is_empty());
        texts.map(|text| expect(kind, &ID(text.to_owned()), name)).collect()
    }

    fn words<T: FromStr>(&mut self, name: &str) -> Result<Vec<T>, Rejection> {
        let texts = self.0.remove(name).unwrap_or_default();
        let texts = texts.split(',').filter(|text| !text.is_empty());
        texts.map(|text| parse(name, text)).collect()
    }

    fn one<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Rejection> {
        self.0.remove(name).map(|text| parse(name, &text)).transpose()
    }

    /// What nobody asked for would silently show too much.
    fn rest(self) -> Result<(), Rejection> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Rejection::new(Code::NotFound).at(name)),
        }
    }
}

fn parse<T: FromStr>(name: &str, text: &str) -> Result<T, Rejection> {
    let wrong =
        |_| Rejection::new(Code::Malformed).at(name).with("expected", "筛选值之一 / one of its values");
    text.parse().map_err(wrong)
}

impl Asked {
    /// Reads the name of a list and its filter.
    ///
    /// # Errors
    /// [`Code::NotFound`] for a list or a filter that there is not, [`Code::Malformed`] for a value.
    pub fn read(list: &str, filter: HashMap<String, String>) -> Result<Self, Rejection> {
        let mut asking = Asking(filter);
        let asked = match list {
            "assets" => Self::Assets(assets::read::Filter {
                holder_id: asking.id("holderId", Kind::Unit)?,
                category_id: asking.id("categoryId", Kind::Category)?,
                kind: asking.one("kind")?,
                state: asking.one("state")?,
                number: asking.0.remove("number"),
            }),
            "listings" => Self::Listings(listings::read::Filter {
                states: asking.words("states")?,
                units: asking.ids("unitIds", Kind::Unit)?,
                regions: asking.ids("regionIds", Kind::Region)?,
                categories: asking.ids("categoryIds", Kind::Category)?,
                kinds: asking.words("kinds")?,
                custody: asking.one("custody")?,
                purpose: asking.one("purpose")?,
                conditions: asking.words("conditions")?,
                available_only: asking.one("availableOnly")?.unwrap_or(false),
            }),
            "request-lines" => Self::RequestLines(requests::read::LineFilter {
                asking_unit: asking.id("askingUnitId", Kind::Unit)?,
                giving_unit: asking.id("givingUnitId", Kind::Unit)?,
                listing: asking.id("listingId", Kind::Listing)?,
                states: asking.words("states")?,
            }),
            "transfers" => Self::Transfers(transfers::read::Filter {
                giver_id: asking.id("giverId", Kind::Unit)?,
                receiver_id: asking.id("receiverId", Kind::Unit)?,
                states: asking.words("states")?,
                number: asking.0.remove("number"),
                listing_id: asking.id("listingId", Kind::Listing)?,
                line_id: asking.id("lineId", Kind::Line)?,
            }),
            "saving-entries" => Self::SavingEntries(Box::new(savings::read::Filter {
                methods: asking.words("methods")?,
                from: asking.one("from")?,
                to: asking.one("to")?,
                giving_units: asking.ids("givingUnitIds", Kind::Unit)?,
                receiving_units: asking.ids("receivingUnitIds", Kind::Unit)?,
                categories: asking.ids("categoryIds", Kind::Category)?,
                custody: asking.one("custody")?,
                entry: asking.one("entry")?,
                ..savings::read::Filter::default()
            })),
            _ => return Err(Rejection::new(Code::NotFound).at("list")),
        };
        asking.rest()?;
        Ok(asked)
    }

    /// The right that it asks for: that of the list in the schema.
    #[must_use]
    pub fn operation(&self) -> Operation {
        match self {
            Self::Assets(_) => Operation::Assets,
            Self::Listings(_) => Operation::Listings,
            Self::RequestLines(_) => Operation::RequestLines,
            Self::Transfers(_) => Operation::Transfers,
            Self::SavingEntries(_) => Operation::SavingEntries,
        }
    }

    /// Name of the file.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Assets(_) => "assets",
            Self::Listings(_) => "listings",
            Self::RequestLines(_) => "request-lines",
            Self::Transfers(_) => "transfers",
            Self::SavingEntries(_) => "saving-entries",
        }
    }

    pub(super) fn headers(&self, locale: Locale) -> impl Iterator<Item = &'static str> + use<> {
        let headers = match self {
            Self::Assets(_) => ASSETS,
            Self::Listings(_) => LISTINGS,
            Self::RequestLines(_) => LINES,
            Self::Transfers(_) => TRANSFERS,
            Self::SavingEntries(_) => SAVINGS,
        };
        headers.iter().map(move |(zh, en)| if locale == Locale::Zh { *zh } else { *en })
    }
}

fn next<K>(after: Option<K>) -> Page<K> {
    Page { first: PART, after, look_on: false }
}

/// A page of a list as cells, and where it goes on.
pub(super) async fn page(
    app: &App,
    actor: &Actor,
    asked: &Asked,
    place: Place,
    locale: Locale,
) -> Result<(Vec<Vec<String>>, Place), Fault> {
    let conn = app.db().read();
    let shown = Shown { reference: &app.reference(), locale, app };
    let after_id = if let Place::Id(id) = place { Some(id) } else { None };
    let after_time = if let Place::At(at, id) = place { Some((at, id)) } else { None };
    let (rows, last): (Vec<Vec<String>>, Option<Place>) = match asked {
        Asked::Assets(filter) => {
            let page = next(after_id.map(assets::read::Key));
            let rows = assets::read::list(app, actor, filter, &page).await?;
            (rows.iter().map(|row| shown.card(row)).collect(), rows.last().map(|row| Place::Id(row.id)))
        }
        Asked::Listings(filter) => {
            let page = next(after_time.map(|(at, id)| listings::read::Key(at, id)));
            let rows = listings::read::list(app, actor, filter, &page, WANTS).await?;
            let last = rows.last().map(|row| {
                let listings::read::Key(at, id) = listings::read::key(filter, row);
                Place::At(at, id)
            });
            let seen = seen(app, actor, &rows).await?;
            (rows.iter().map(|row| shown.listing(row, &seen)).collect(), last)
        }
        Asked::RequestLines(filter) => {
            let rows = requests::read::line_page(conn, actor, filter, &next(after_id)).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.request_id).collect();
            let asked = requests::read::find_all(conn, actor, &ids).await?;
            let asked: HashMap<Uuid, _> = asked.into_iter().map(|row| (row.id, row)).collect();
            let ids: Vec<Uuid> = rows.iter().map(|row| row.listing_id).collect();
            let offers = listings::read::find_all(app, actor, &ids, WANTS).await?;
            let seen = seen(app, actor, &offers).await?;
            let offers: HashMap<Uuid, ListingRow> = offers.into_iter().map(|row| (row.id, row)).collect();
            let cells = rows.iter().map(|row| {
                let request = asked.get(&row.request_id);
                let name = offers.get(&row.listing_id).and_then(|offer| seen.name(offer));
                vec![
                    request.and_then(|request| request.number.clone()).unwrap_or_default(),
                    shown.unit(row.unit_id),
                    shown.unit(row.giver_id),
                    name.unwrap_or_default(),
                    row.quantity_asked.to_string(),
                    row.quantity.to_string(),
                    word(row.state, locale),
                    row.released.to_string(),
                    row.received.to_string(),
                    row.refused.to_string(),
                    row.lost.to_string(),
                    shown.time(request.and_then(|request| request.submitted_at)),
                    encode(Kind::Line, row.id).0,
                ]
            });
            (cells.collect(), rows.last().map(|row| Place::Id(row.id)))
        }
        Asked::Transfers(filter) => {
            let rows = transfers::read::page(conn, actor, filter, &next(after_time)).await?;
            let last = rows.last().map(|row| Place::At(row.released_at, row.id));
            let cells = rows.into_iter().map(|row| {
                vec![
                    row.number,
                    shown.unit(row.giver_id),
                    shown.unit(row.receiver_id),
                    word(row.custody, locale),
                    word(row.state, locale),
                    row.quantity.to_string(),
                    row.received.to_string(),
                    row.refused.to_string(),
                    row.lost.to_string(),
                    row.approval_number.unwrap_or_default(),
                    shown.time(Some(row.released_at)),
                    shown.time(row.received_at),
                    row.booked_out.unwrap_or_default(),
                    row.booked_in.unwrap_or_default(),
                    encode(Kind::Transfer, row.id).0,
                ]
            });
            (cells.collect(), last)
        }
        Asked::SavingEntries(filter) => {
            let after = if let Place::Day(day, id) = place { Some((day, id)) } else { None };
            let rows = savings::read::page(conn, actor, filter, &next(after)).await?;
            let cells = rows.iter().map(|row| {
                vec![
                    row.seq.to_string(),
                    row.civil_day.to_string(),
                    word(row.entry, locale),
                    word(row.method, locale),
                    yuan(Some(row.amount)),
                    row.quantity.to_string(),
                    shown.unit(row.giver_id),
                    shown.unit(row.receiver_id),
                    shown.region(row.receiver_region_id),
                    shown.category(Some(row.category_id)).1,
                    word(row.custody, locale),
                    word(row.mode, locale),
                    flag(row.repeat, locale),
                    encode(Kind::Entry, row.id).0,
                ]
            });
            (cells.collect(), rows.last().map(|row| Place::Day(row.civil_day, row.id)))
        }
    };
    let place = if rows.len() < PART { Place::End } else { last.unwrap_or(Place::End) };
    Ok((rows, place))
}

const WANTS: Wants =
    Wants { standing: true, stock: Counters::Available, words: false, card: Some(Depth::Brief) };

/// Which cards the caller may see of those that are another unit's by now.
struct Seen(HashSet<Uuid>);

async fn seen(app: &App, actor: &Actor, rows: &[ListingRow]) -> Result<Seen, Fault> {
    let gone =
        |row: &ListingRow| row.card.as_ref().filter(|card| card.holder_id != row.unit_id).map(|card| card.id);
    let gone: Vec<Uuid> = rows.iter().filter_map(gone).collect();
    Ok(Seen(assets::read::seen(app, actor, &gone).await?))
}

impl Seen {
    fn card<'a>(&self, row: &'a ListingRow) -> Option<&'a assets::row::CardRow> {
        row.card.as_ref().filter(|card| card.holder_id == row.unit_id || self.0.contains(&card.id))
    }

    fn name(&self, row: &ListingRow) -> Option<String> {
        self.card(row).map(|card| card.name.clone())
    }
}

/// Cells as people read them.
struct Shown<'a> {
    reference: &'a Reference,
    locale: Locale,
    app: &'a App,
}

impl Shown<'_> {
    fn unit(&self, id: Uuid) -> String {
        self.reference.unit(id).map(|unit| unit.name.clone()).unwrap_or_default()
    }

    fn region(&self, id: Uuid) -> String {
        self.reference.region(id).map(|region| region.name.clone()).unwrap_or_default()
    }

    /// Code and name.
    fn category(&self, id: Option<Uuid>) -> (String, String) {
        let category = id.and_then(|id| self.reference.category(id));
        category.map(|category| (category.code.clone(), category.name.clone())).unwrap_or_default()
    }

    /// In the time of the city.
    fn time(&self, at: Option<DateTime<Utc>>) -> String {
        at.map(|at| self.app.clock().civil(at).format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
    }

    fn card(&self, row: &asset::Model) -> Vec<String> {
        let (code, category) = self.category(row.category_id);
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        vec![
            row.number.clone().unwrap_or_default(),
            row.name.clone(),
            self.unit(row.holder_id),
            code,
            category,
            word(row.kind, self.locale),
            word(row.source, self.locale),
            row.brand.clone(),
            row.model.clone(),
            row.serial.clone().unwrap_or_default(),
            row.description.clone(),
            row.condition.map(|condition| word(condition, self.locale)).unwrap_or_default(),
            row.place.clone(),
            row.quantity.to_string(),
            row.measure.clone(),
            yuan(row.value),
            word(row.value_basis, self.locale),
            row.acquired_on.map(|day| day.to_string()).unwrap_or_default(),
            row.funding_source.clone(),
            number(row.depreciation_months),
            number(row.min_service_months),
            flag(row.restricted, self.locale),
            word(row.state, self.locale),
            encode(Kind::Asset, row.id).0,
        ]
    }

    fn listing(&self, row: &ListingRow, seen: &Seen) -> Vec<String> {
        let card = seen.card(row);
        let class = card.and_then(|card| card.class);
        let text = |read: &dyn Fn(&assets::row::CardRow) -> String| card.map(read).unwrap_or_default();
        vec![
            encode(Kind::Listing, row.id).0,
            text(&|card| card.name.clone()),
            text(&|card| card.brand.clone()),
            text(&|card| card.model.clone()),
            self.category(class.and_then(|class| class.category_id)).1,
            text(&|card| card.condition.map(|condition| word(condition, self.locale)).unwrap_or_default()),
            text(&|card| yuan(card.value)),
            self.unit(row.unit_id),
            word(row.custody, self.locale),
            row.standing.map(|standing| word(standing.state, self.locale)).unwrap_or_default(),
            row.stock.map(|stock| stock.available().to_string()).unwrap_or_default(),
            self.time(row.listed_at),
        ]
    }
}

/// An amount in yuan with its two decimals.
fn yuan(amount: Option<Money>) -> String {
    let Some(Money(fen)) = amount else { return String::new() };
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.unsigned_abs() / 100, fen.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals_and_their_sign() {
        for (fen, text) in
            [(450_000, "4500.00"), (5, "0.05"), (-150, "-1.50"), (i64::MIN, "-92233720368547758.08")]
        {
            assert_eq!(yuan(Some(Money(fen))), text);
        }
        assert_eq!(yuan(None), "");
    }

    #[test]
    fn a_filter_that_there_is_not_is_told() {
        let with = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);
        assert!(Asked::read("assets", with("state", "ACTIVE")).is_ok());
        assert!(Asked::read("assets", with("state", "NOPE")).is_err());
        assert!(Asked::read("assets", with("holder", "x")).is_err());
        assert!(Asked::read("nothing", HashMap::new()).is_err());
    }
}
