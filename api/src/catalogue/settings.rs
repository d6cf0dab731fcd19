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
    // Days after a hand-over from which on the office may record a deemed receipt.
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
];

/// The setting of that name.
#[must_use]
pub fn known_setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}
