//! `assets`: a card a row.
//!
//! `unit` names the holder where the file holds more than one (credit code or name); without it the cards are those of the
//! unit that the import is of.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use entity::Money;
use entity::assets::ValueBasis;
use entity::organisation::UnitState;
use uuid::Uuid;

use super::columns::{Header, may, must};
use super::table::{ALSO, Cells};
use crate::assets::card::CardPatch;
use crate::assets::details::{Details, RealEstate, Software, Vehicle};
use crate::assets::draft::Draft;
use crate::fault::{Code, Rejection};
use crate::organisation::Reference;

pub(super) const HEADERS: &[Header] = &[
    must("asset_number").called(&[
        "number",
        "资产编号",
        "资产编码",
        "卡片编号",
        "固定资产编号",
        "资产卡片编号",
        "编号",
    ]),
    must("name").called(&["资产名称", "名称", "asset name", "固定资产名称"]),
    may("unit").called(&["holder", "单位", "单位名称", "使用单位", "所属单位", "统一社会信用代码"]),
    may("category").called(&[
        "分类",
        "资产分类",
        "资产分类代码",
        "分类代码",
        "国标分类",
        "资产类别",
        "category code",
        "资产分类编码",
    ]),
    may("kind").called(&["资产类型", "类型"]),
    may("source").called(&["来源", "闲置原因", "入仓来源"]),
    may("brand").called(&["品牌", "厂家", "生产厂家", "制造商", "manufacturer"]),
    may("model").called(&["型号", "规格型号", "规格", "specification"]),
    may("serial").called(&["序列号", "出厂编号", "设备序列号", "机身号", "serial number", "sn"]),
    may("description").called(&["说明", "描述", "备注", "摘要", "remark", "remarks"]),
    may("condition").called(&["状况", "资产状况", "成色", "完好程度", "使用状况"]),
    may("place").called(&["存放地点", "地点", "存放位置", "放置地点", "location"]),
    may("quantity").called(&["数量", "件数", "qty"]),
    may("measure").called(&["计量单位", "单位量", "unit of measure"]),
    may("value").called(&["原值", "价值", "账面原值", "资产原值", "金额", "original value", "原价"]),
    may("value_basis").called(&["价值依据", "价值类型", "入账形式"]),
    may("acquired_on").called(&[
        "取得日期",
        "购置日期",
        "入账日期",
        "购入日期",
        "开始使用日期",
        "acquired",
        "date of acquisition",
    ]),
    may("funding_source").called(&["资金来源", "经费来源"]),
    may("depreciation_months").called(&["折旧月数", "折旧年限月", "使用年限月"]),
    may("min_service_months").called(&["最低使用月数"]),
    may("restricted").called(&["限制可见", "受限"]),
    may("erasure_record").called(&["数据清除记录", "拆除硬盘记录", "数据清除"]),
    may(SECRET).called(&["涉密", "是否涉密", "密级", "涉密等级", "classified", "classification"]),
    may("plate").called(&["车牌号", "车牌", "号牌号码"]),
    may("vin").called(&["车架号", "车辆识别代号", "识别代号"]),
    may("mileage_km").called(&["行驶里程", "里程"]),
    may("new_energy").called(&["新能源", "是否新能源"]),
    may("inspection_until").called(&["年检有效期", "检验有效期"]),
    may("insurance_until").called(&["保险有效期", "交强险有效期"]),
    may("certificate").called(&["不动产权证号", "权证号", "产权证号", "房产证号"]),
    may("area_m2").called(&["建筑面积", "面积"]),
    may("address").called(&["坐落", "地址", "坐落位置"]),
    may("title_holder").called(&["权利人", "产权人"]),
    may("licences").called(&["许可数", "授权数", "licenses"]),
    may("edition").called(&["版本"]),
    may("expires_on").called(&["许可到期日", "授权到期日"]),
];

/// The column that says whether a thing is secret. It is obeyed wherever a file has it, also where nobody mapped it.
pub(super) const SECRET: &str = "secret";

const CONDITIONS: &[(&str, &str)] = &[
    ("NEW", "全新"),
    ("GOOD", "良好"),
    ("FAIR", "一般"),
    ("POOR", "较差"),
    ("BROKEN", "损坏"),
    ("NEW", "新"),
    ("GOOD", "完好"),
    ("GOOD", "正常"),
    ("FAIR", "可用"),
    ("POOR", "待修"),
    ("BROKEN", "报废"),
    ("BROKEN", "不可用"),
];
const KINDS: &[(&str, &str)] =
    &[("GENERAL", "通用"), ("VEHICLE", "车辆"), ("REAL_ESTATE", "房产"), ("SOFTWARE", "软件")];
const SOURCES: &[(&str, &str)] = &[
    ("IDLE", "闲置"),
    ("OVER_STANDARD", "超标准配置"),
    ("UNDER_USED", "低效运转"),
    ("DISSOLVED", "机构撤并"),
    ("EVENT", "临时活动"),
    ("CONFISCATED", "罚没"),
    ("RESERVE", "储备"),
    ("SURPLUS", "盘盈"),
];
const BASES: &[(&str, &str)] = &[
    ("ORIGINAL", "原值"),
    ("APPRAISED", "评估值"),
    ("NOMINAL", "名义金额"),
    ("UNKNOWN", "不详"),
    ("ORIGINAL", "历史成本"),
];

/// What a row says about secrecy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Secrecy {
    Open,
    /// Something that is no known word: nothing of the row is kept either.
    Unclear,
    Secret,
}

/// Looks at nothing but the column of secrecy.
pub(super) fn secrecy(cells: &Cells) -> Secrecy {
    let Some(words) = cells.text(SECRET) else { return Secrecy::Open };
    // The worst of what several columns say.
    words.split(ALSO).map(secrecy_of).max().unwrap_or(Secrecy::Unclear)
}

fn secrecy_of(word: &str) -> Secrecy {
    match word.to_lowercase().as_str() {
        "否" | "无" | "非密" | "非涉密" | "不涉密" | "公开" | "内部" | "普通" | "no" | "n" | "false"
        | "0" | "none" | "open" | "public" | "-" | "—" => Secrecy::Open,
        "是" | "涉密" | "秘密" | "机密" | "绝密" | "有" | "√" | "yes" | "y" | "true" | "1" | "secret"
        | "confidential" | "top secret" => Secrecy::Secret,
        _ => Secrecy::Unclear,
    }
}

/// Categories and units by the names that files call them.
#[derive(Debug, Default)]
pub(super) struct Names {
    categories: HashMap<String, Uuid>,
    /// None where several have the name.
    by_name: HashMap<String, Option<Uuid>>,
    units: HashMap<String, Option<Uuid>>,
}

impl Names {
    pub(super) fn of(reference: &Reference, today: NaiveDate) -> Self {
        let mut names = Self::default();
        let mut valid: Vec<_> = reference
            .categories()
            .filter(|row| row.valid_from <= today && row.valid_to.is_none_or(|to| to >= today))
            .collect();
        // The newest edition of a code last, so that it stays.
        valid.sort_by(|a, b| (&a.system, &a.edition).cmp(&(&b.system, &b.edition)));
        let mut codes_by_name: HashMap<&str, BTreeMap<&str, Uuid>> = HashMap::new();
        for row in valid {
            names.categories.insert(row.code.to_ascii_uppercase(), row.id);
            codes_by_name.entry(&row.name).or_default().insert(&row.code, row.id);
        }
        for (name, codes) in codes_by_name {
            let one = if codes.len() == 1 { codes.into_values().next() } else { None };
            names.by_name.insert(name.to_owned(), one);
        }
        for unit in reference.units().filter(|unit| unit.state != UnitState::Closed) {
            if let Some(code) = &unit.credit_code {
                names.units.insert(code.clone(), Some(unit.id));
            }
            names.units.entry(unit.name.clone()).and_modify(|one| *one = None).or_insert(Some(unit.id));
        }
        names
    }

    /// By code, by name, or by both as forms write them: `A02010105 台式计算机`.
    fn category(&self, text: &str) -> Option<Uuid> {
        let code = |text: &str| self.categories.get(&text.to_ascii_uppercase()).copied();
        code(text).or_else(|| self.by_name.get(text).copied().flatten()).or_else(|| {
            let first = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '.').next()?;
            (first.len() >= 3).then(|| code(first)).flatten()
        })
    }

    fn unit(&self, text: &str) -> Option<Uuid> {
        self.units.get(text).or_else(|| self.units.get(&text.to_ascii_uppercase())).copied().flatten()
    }
}

/// A card as the row says it. What is wrong with cells is in `cells.faults` afterwards.
pub(super) fn read(cells: &mut Cells, names: &Names, unit: Uuid) -> Draft {
    let named = |cells: &mut Cells, column: &'static str, find: &dyn Fn(&str) -> Option<Uuid>| {
        let text = cells.words(column)?;
        let found = find(&text);
        if found.is_none() {
            cells.faults.push(Rejection::new(Code::NotFound).at(column));
        }
        found
    };
    let holder_id = named(cells, "unit", &|text| names.unit(text)).unwrap_or(unit);
    let category_id = named(cells, "category", &|text| names.category(text));
    let value = cells.money("value");
    let basis: Option<ValueBasis> = cells.one_of("value_basis", BASES);
    // A value of nothing is none: systems write 0.00 where they know none.
    let nothing = value == Some(0);
    let card = CardPatch {
        source: cells.one_of("source", SOURCES),
        number: cells.digits("asset_number").map(Some),
        category_id: category_id.map(Some),
        name: cells.words("name"),
        brand: cells.words("brand"),
        model: cells.words("model"),
        serial: cells.digits("serial").map(Some),
        description: cells.words("description"),
        condition: cells.one_of("condition", CONDITIONS).map(Some),
        place: cells.words("place"),
        quantity: cells.number("quantity"),
        measure: cells.words("measure"),
        value: value.filter(|_| !nothing).map(|value| Some(Money(value))),
        value_basis: basis.or(nothing.then_some(ValueBasis::Unknown)),
        acquired_on: cells.day("acquired_on").map(Some),
        funding_source: cells.words("funding_source"),
        depreciation_months: cells.number("depreciation_months").map(Some),
        min_service_months: cells.number("min_service_months").map(Some),
        restricted: cells.flag("restricted"),
        erasure_record: cells.words("erasure_record").map(Some),
        details: details(cells),
        // It was looked at before anything else of the row.
        secret: None,
    };
    Draft { holder_id, kind: cells.one_of("kind", KINDS), card }
}

fn details(cells: &mut Cells) -> Option<Details> {
    let any = |cells: &Cells, names: &[&str]| names.iter().any(|name| !cells.is_empty(name));
    let small = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    if any(cells, &["plate", "vin", "mileage_km", "new_energy", "inspection_until", "insurance_until"]) {
        return Some(Details::Vehicle(Vehicle {
            plate: cells.words("plate"),
            vin: cells.words("vin"),
            mileage_km: cells.number("mileage_km").map(small),
            new_energy: cells.flag("new_energy"),
            inspection_until: cells.day("inspection_until"),
            insurance_until: cells.day("insurance_until"),
        }));
    }
    if any(cells, &["certificate", "area_m2", "address", "title_holder"]) {
        return Some(Details::RealEstate(RealEstate {
            certificate: cells.words("certificate"),
            area_m2: cells.measure("area_m2"),
            address: cells.words("address"),
            title_holder: cells.words("title_holder"),
        }));
    }
    if any(cells, &["licences", "edition", "expires_on"]) {
        return Some(Details::Software(Software {
            licences: cells.number("licences").map(small),
            edition: cells.words("edition"),
            expires_on: cells.day("expires_on"),
        }));
    }
    None
}

/// The rules name fields as the schema does; a file names them by its columns.
pub(super) fn column_of(mut fault: Rejection) -> Rejection {
    let field = fault.field.join(".");
    let column = match field.as_str() {
        "holderId" => "unit",
        "number" => "asset_number",
        "categoryId" => "category",
        "valueBasis" => "value_basis",
        "acquiredOn" => "acquired_on",
        "fundingSource" => "funding_source",
        "depreciationMonths" => "depreciation_months",
        "minServiceMonths" => "min_service_months",
        "erasureRecord" => "erasure_record",
        "vehicle.mileageKm" => "mileage_km",
        "vehicle.plate" => "plate",
        "vehicle.vin" => "vin",
        "realEstate.areaM2" => "area_m2",
        "realEstate.certificate" => "certificate",
        "realEstate.address" => "address",
        "realEstate.titleHolder" => "title_holder",
        "software.licences" => "licences",
        "software.edition" => "edition",
        // Fields of a kind as a whole: those columns do not go with the card's category.
        "vehicle" => "plate",
        "realEstate" => "certificate",
        "software" => "licences",
        _ => return fault,
    };
    fault.field = vec![column.to_owned()];
    fault
}

#[cfg(test)]
mod tests {
    use super::super::file::{Cell, RawRow};
    use super::super::table::Mapping;
    use super::*;

    fn cells(columns: &[(&'static str, Cell)]) -> Cells {
        let mapping = Mapping {
            header_line: 1,
            columns: columns.iter().map(|(name, _)| Some(*name)).collect(),
            required: Vec::new(),
        };
        let cells = columns.iter().map(|(_, cell)| cell.clone()).collect();
        mapping.cells(&RawRow { line: 2, cells, exact: false })
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn the_worst_word_about_secrecy_counts() {
        for (words, expected) in [
            (&["否"][..], Secrecy::Open),
            (&["非密", "否"], Secrecy::Open),
            (&["否", "机密"], Secrecy::Secret),
            (&["是", "无"], Secrecy::Secret),
            (&["否", "?"], Secrecy::Unclear),
            (&[], Secrecy::Open),
        ] {
            let row: Vec<_> = words.iter().map(|word| (SECRET, text(word))).collect();
            assert_eq!(secrecy(&cells(&row)), expected, "{words:?}");
        }
        assert_eq!(secrecy(&cells(&[(SECRET, Cell::Flag(true))])), Secrecy::Secret);
    }

    #[test]
    fn a_row_becomes_a_card_in_the_words_of_either_language() {
        let mut row = cells(&[
            ("asset_number", Cell::Number(20_230_001.0)),
            ("name", text("轿车")),
            ("condition", text("完好")),
            ("value", text("￥128,000.00")),
            ("value_basis", text("历史成本")),
            ("plate", text("鄂A12345")),
            ("new_energy", text("是")),
            ("mileage_km", text("12,345")),
            ("kind", text("vehicle")),
        ]);
        let draft = read(&mut row, &Names::default(), Uuid::nil());
        assert!(row.faults.is_empty(), "{:?}", row.faults);
        assert_eq!(draft.card.number, Some(Some("20230001".to_owned())));
        assert_eq!(draft.card.value, Some(Some(Money(12_800_000))));
        let Some(Details::Vehicle(vehicle)) = draft.card.details else { panic!("no vehicle") };
        assert_eq!((vehicle.mileage_km, vehicle.new_energy), (Some(12_345), Some(true)));
        // A value of nothing is not known; one that is no amount is told.
        let mut row =
            cells(&[("value", text("0.00")), ("acquired_on", text("去年")), ("quantity", text("两"))]);
        let draft = read(&mut row, &Names::default(), Uuid::nil());
        assert_eq!((draft.card.value, draft.card.value_basis), (None, Some(ValueBasis::Unknown)));
        let fields: Vec<String> = row.faults.iter().map(|fault| fault.field.join(".")).collect();
        assert_eq!(fields, ["quantity", "acquired_on"]);
    }
}
