//! What a plan goes beyond at its receivers: it is shown, and each line beyond a cap needs a reason.

use chrono::NaiveDate;
use entity::plans::plan_line;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::row::by_receiver;
use super::survey::Survey;
use crate::fault::{Code, Fault, Rejection};
use crate::organisation::Reference;
use crate::quotas::steps::{Beyond, Wanted, beyond};

/// The caps of each receiver that the plan goes beyond; the places in [`Beyond::lines`] are those in `lines`.
pub(crate) async fn warnings(
    conn: &impl ConnectionTrait,
    reference: &Reference,
    day: NaiveDate,
    lines: &[plan_line::Model],
) -> Result<Vec<(Uuid, Beyond)>, Fault> {
    let survey = Survey::of_lines(conn, lines).await?;
    let mut receivers: Vec<_> = by_receiver(lines).into_iter().collect();
    receivers.sort_unstable();
    let mut found = Vec::new();
    for (unit, places) in receivers {
        let mut wanted = Vec::with_capacity(places.len());
        for place in &places {
            let line = &lines[*place];
            wanted.push(Wanted { card: survey.card(line)?, pieces: line.quantity });
        }
        for mut over in beyond(conn, reference, unit, day, &wanted).await? {
            over.lines = over.lines.into_iter().map(|n| places[n]).collect();
            found.push((unit, over));
        }
    }
    Ok(found)
}

/// The reasons that are missing, at the lines' places in the plan.
pub(super) fn missing(lines: &[plan_line::Model], warnings: &[(Uuid, Beyond)]) -> Vec<Rejection> {
    let mut places: Vec<usize> = warnings.iter().flat_map(|(_, over)| over.lines.iter().copied()).collect();
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .map(|place| &lines[place])
        .filter(|line| line.over_cap_reason.is_none())
        .map(|line| Rejection::new(Code::Required).at(format!("lines.{}.overCapReason", line.position)))
        .collect()
}
