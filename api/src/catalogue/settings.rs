//! The numbers of the city's rule book: every one that the service knows, with its default.

/// A number that a city may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Name in the table and in the schema; it ends in its unit.
    pub name: &'static str,
    /// What counts where the city has set nothing.
    pub default: i64,
    /// Least value taken.
    pub least: i64,
    /// Greatest value taken.
    pub most: i64,
}

/// All of them.
pub const SETTINGS: &[Setting] = &[
    // Days after which the hold of an inactive asker lapses.
    Setting { name: "hold_days", default: 10, least: 1, most: 365 },
    // Working days after the day of a hand-over, after which the office may record a deemed receipt.
    Setting { name: "deemed_receipt_days", default: 10, least: 1, most: 365 },
    // Working days for the decision of a step whose rule names no other term.
    Setting { name: "approval_days", default: 5, least: 1, most: 365 },
    // Working days after that term from which on an undecided step goes one level up.
    Setting { name: "escalation_days", default: 5, least: 1, most: 365 },
    // What happens over a quantity cap: 0 stops, 1 asks for a reason.
    Setting { name: "over_cap_reason", default: 0, least: 0, most: 1 },
    // Most days of a loan, both ends counted.
    Setting { name: "loan_length_days", default: 366, least: 1, most: 1_830 },
    // Most days before the first day of a loan that it can be asked for.
    Setting { name: "loan_ahead_days", default: 366, least: 0, most: 1_830 },
    // Working days for which a published plan can be objected to.
    Setting { name: "plan_objection_days", default: 5, least: 1, most: 365 },
    // Working days in which an offer is shown to the holder's department alone, then to its region alone; 0: no such step.
    Setting { name: "audience_department_days", default: 0, least: 0, most: 250 },
    Setting { name: "audience_region_days", default: 0, least: 0, most: 250 },
    // Working days of a claim window whose offer names none, and how few or many an offer may name.
    Setting { name: "claim_window_days", default: 5, least: 1, most: 60 },
    Setting { name: "claim_window_least_days", default: 3, least: 1, most: 60 },
    Setting { name: "claim_window_most_days", default: 20, least: 1, most: 60 },
    // Days LISTED without a taker after which an offer is shown to more units.
    Setting { name: "stale_audience_days", default: 30, least: 0, most: 3_650 },
    // Days LISTED without a taker after which a donation can be proposed.
    Setting { name: "stale_donation_days", default: 90, least: 0, most: 3_650 },
    // Days LISTED without a taker after which a sale or an exchange can be proposed.
    Setting { name: "stale_sale_days", default: 180, least: 0, most: 3_650 },
    // Days LISTED without a taker after which scrapping or writing off can be proposed.
    Setting { name: "stale_scrap_days", default: 365, least: 0, most: 3_650 },
    // Working days for which a disposal is shown to all units before it is carried out.
    Setting { name: "disposal_publicity_days", default: 5, least: 1, most: 365 },
    // Least part of the appraisal that a sale brings in without a decision on it, in per cent.
    Setting { name: "disposal_price_percent", default: 90, least: 1, most: 100 },
    // Days after a receipt within which a defect sends the goods back.
    Setting { name: "defect_days", default: 30, least: 1, most: 365 },
    // What the split of a kit weighs: one more place to fetch things from …
    Setting { name: "kit_pickup_points", default: 100, least: 0, most: 100_000 },
    // … a piece from another department of the same region, one from another region …
    Setting { name: "kit_region_points", default: 5, least: 0, most: 100_000 },
    Setting { name: "kit_city_points", default: 15, least: 0, most: 100_000 },
    // … and each grade that a piece is worse than new.
    Setting { name: "kit_condition_points", default: 10, least: 0, most: 100_000 },
    // Working days after a deemed receipt within which the receiver may take it back itself.
    Setting { name: "objection_days", default: 10, least: 0, most: 365 },
    // Working days to hand over what was approved.
    Setting { name: "release_days", default: 10, least: 1, most: 365 },
    // Working days to note the voucher number of what was received.
    Setting { name: "booking_days", default: 20, least: 1, most: 365 },
    // Working days to inspect what was brought to a warehouse or came back from a loan.
    Setting { name: "inspection_days", default: 5, least: 1, most: 365 },
    // Working days for an asker to say whether it still wants what was corrected.
    Setting { name: "correction_days", default: 5, least: 1, most: 365 },
    // Days after which the holder of a VIRTUAL offer is asked again whether it is there; 0 never asks.
    Setting { name: "reconfirm_days", default: 0, least: 0, most: 1_830 },
    // Working days for the answer.
    Setting { name: "reconfirm_answer_days", default: 5, least: 1, most: 365 },
    // Working days after that until an offer without an answer is paused.
    Setting { name: "reconfirm_grace_days", default: 5, least: 0, most: 365 },
    // Whether a change of a field of a card asks again whoever counts on it: 1 does. What approvals and the ledger are reckoned by
    // (category, condition, quantity, value, age, source) always does.
    Setting { name: "material_name", default: 1, least: 0, most: 1 },
    Setting { name: "material_brand", default: 1, least: 0, most: 1 },
    Setting { name: "material_model", default: 1, least: 0, most: 1 },
    Setting { name: "material_place", default: 1, least: 0, most: 1 },
    Setting { name: "material_measure", default: 1, least: 0, most: 1 },
    Setting { name: "material_details", default: 1, least: 0, most: 1 },
    Setting { name: "material_description", default: 0, least: 0, most: 1 },
];

/// The setting of that name.
#[must_use]
pub fn known_setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
