//! The split that would be asked for now. Nothing is written, and nothing is held.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::candidates::{self, Point, Weights};
use super::form::{self, ItemForm};
use super::read;
use super::rules::Need;
use crate::app::App;
use crate::authz::{Operation, Parties};
use crate::catalogue;
use crate::checks;
use crate::fault::{Code, Fault, Rejection};
use crate::identity::Actor;
use crate::requests::rules::MOST_LINES;

/// What is to be furnished: by a kit, or by items named one by one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wanted {
    /// Who asks.
    pub unit_id: Uuid,
    /// The kit; none where `items` says what is wanted.
    pub kit_id: Option<Uuid>,
    /// Items where there is no kit.
    pub items: Vec<ItemForm>,
    /// Places to be furnished.
    pub places: i64,
}

/// What was wanted, item by item.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Pieces wanted, and whether the kit is of no use without them.
    pub need: Need,
    /// Pieces that nobody has for the unit.
    pub missing: i64,
}

/// A line that would be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Which item it is: its place among the items.
    pub item: usize,
    /// Of which listing.
    pub listing_id: Uuid,
    /// Pieces.
    pub pieces: i64,
    /// Where they are fetched.
    pub point: Point,
}

/// The best split that was found.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Name of the kit; empty where the items were named one by one.
    pub name: String,
    /// What was wanted.
    pub items: Vec<Item>,
    /// What would be asked for.
    pub lines: Vec<Line>,
    /// What it weighs, in points.
    pub cost: i64,
}

/// The best split of what the unit could have now; none where the unit is none of the caller's.
///
/// # Errors
/// [`Code::NotFound`] for a kit that there is not, everything that is wrong with places and items.
pub async fn propose(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Option<Proposal>, Fault> {
    if actor.allow(Operation::ProposeKit, &Parties::receiver(wanted.unit_id)).is_err() {
        return Ok(None);
    }
    split(app, actor, wanted).await.map(Some)
}

/// As [`propose`], for whoever has been asked for the right already.
pub(super) async fn split(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Proposal, Fault> {
    let (conn, reference, today) = (app.db().read(), &*app.reference(), app.clock().today());
    let mut faults = Vec::new();
    checks::range(&mut faults, "places", wanted.places, 1, form::MOST_PLACES);
    let (name, items) = match wanted.kit_id {
        Some(id) => match read::kit(conn, id).await?.filter(|kit| kit.row.active) {
            Some(kit) => (kit.row.name, kit.items),
            None => return Err(Rejection::new(Code::NotFound).at("kitId").into()),
        },
        None => (String::new(), form::clean(&mut faults, reference, &wanted.items)),
    };
    Fault::all(faults)?;
    let setting = async |name| catalogue::read::setting(conn, name, today).await;
    let weights = Weights {
        pickup: setting("kit_pickup_points").await?,
        region: setting("kit_region_points").await?,
        city: setting("kit_city_points").await?,
        condition: setting("kit_condition_points").await?,
    };
    let demand = (items.as_slice(), wanted.places);
    let gathered = candidates::gather(conn, reference, actor, wanted.unit_id, demand, weights).await?;
    let problem = gathered.problem;
    // Some 80 points and thousands of offers: tens of milliseconds that no other task should wait for.
    let solved = tokio::task::spawn_blocking(move || problem.solve()).await;
    let split = solved.map_err(|error| Fault::Internal(error.into()))?.within(MOST_LINES);
    Ok(Proposal {
        name,
        items: items
            .into_iter()
            .zip(&gathered.needs)
            .zip(&split.missing)
            .map(|((item, need), missing)| Item { name: item.name, need: *need, missing: *missing })
            .collect(),
        cost: split.score.cost,
        lines: split
            .taken
            .into_iter()
            .map(|(offer, pieces)| Line {
                item: offer.item,
                listing_id: offer.listing,
                pieces,
                point: gathered.points[offer.point],
            })
            .collect(),
    })
}
