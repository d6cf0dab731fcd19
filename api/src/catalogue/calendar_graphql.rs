//! The working calendar in the schema.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use entity::catalogue::calendar_day;

use super::read;
use super::set_calendar_days::{SetDay, SetDays, set_calendar_days};
use crate::fault::{Code, Rejection};
use crate::graphql::context::Given;
use crate::graphql::errors::{self, UserError};

/// A day that is other than its weekday says: a holiday, or one worked in its stead (调休).
#[derive(Clone, Debug, SimpleObject)]
pub struct CalendarDay {
    /// The day.
    day: NaiveDate,
    /// Whether it is worked.
    working: bool,
    /// Name.
    name: String,
}

impl From<calendar_day::Model> for CalendarDay {
    fn from(row: calendar_day::Model) -> Self {
        Self { day: row.day, working: row.working, name: row.name }
    }
}

/// Root queries of the calendar.
#[derive(Debug, Default)]
pub struct CalendarQuery;

#[Object]
impl CalendarQuery {
    /// The days of a year that are other than their weekday says. Terms are counted in the days that are worked.
    async fn working_calendar(
        &self,
        ctx: &Context<'_>,
        year: i32,
    ) -> async_graphql::Result<Vec<CalendarDay>> {
        let locale = ctx.actor()?.locale();
        if !(1900..=9999).contains(&year) {
            let fault = Rejection::new(Code::OutOfRange).at("year").with("least", 1900).with("most", 9999);
            return Err(errors::query_error(fault.into(), locale));
        }
        let rows = read::calendar_days(ctx.app().db().read(), year).await;
        Ok(rows.map_err(|error| errors::to_error(error.into()))?.into_iter().map(Into::into).collect())
    }
}

/// A day to be entered.
#[derive(Debug, InputObject)]
pub struct CalendarDayInput {
    /// Which; not before today.
    day: NaiveDate,
    /// Whether it is worked; left out: as its weekday says, the entry goes.
    working: Option<bool>,
    /// Name, up to 100 characters.
    #[graphql(default)]
    name: String,
}

/// Days to be entered.
#[derive(Debug, InputObject)]
pub struct SetCalendarDaysInput {
    /// The same key with the same input gives the same answer.
    idempotency_key: String,
    /// Up to 100, each once.
    days: Vec<CalendarDayInput>,
}

/// Done, or what was wrong.
#[derive(Debug, SimpleObject)]
pub struct SetCalendarDaysPayload {
    /// How many days were entered.
    days: Option<usize>,
    /// What was wrong.
    errors: Vec<UserError>,
}

/// Root mutations of the calendar.
#[derive(Debug, Default)]
pub struct CalendarMutation;

#[Object]
impl CalendarMutation {
    /// Enters holidays, and the days worked in their stead. Terms that run keep the day they end on.
    async fn set_calendar_days(
        &self,
        ctx: &Context<'_>,
        input: SetCalendarDaysInput,
    ) -> async_graphql::Result<SetCalendarDaysPayload> {
        let (app, actor) = (ctx.app(), ctx.actor()?);
        let days =
            input.days.into_iter().map(|day| SetDay { day: day.day, working: day.working, name: day.name });
        let order = SetDays { days: days.collect() };
        let outcome = set_calendar_days(app, actor, Some(&input.idempotency_key), &order).await;
        let (done, errors) = errors::payload(outcome, actor.locale())?;
        Ok(SetCalendarDaysPayload { days: done.map(|()| order.days.len()), errors })
    }
}
