//! Why a step is needed, in a sentence.

use async_graphql::{Enum, SimpleObject};
use entity::approvals::{Border, Side};
use entity::catalogue::AssetKind;
use entity::identity::Locale;
use entity::listings::{Custody, Purpose};

use crate::approvals::conditions::Reason;
use crate::organisation::Reference;

/// Why a rule asks for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum ApprovalReasonCode {
    /// Every case needs it.
    Always,
    /// Where it stands.
    Custody,
    /// How it is offered.
    Purpose,
    /// What kind it is.
    Kind,
    /// In which category it is.
    Category,
    /// What one item is worth.
    ItemValue,
    /// What the batch is worth.
    BatchValue,
    /// Nobody knows what it is worth.
    UnknownValue,
    /// A border lies between giver and receiver.
    Crosses,
    /// It stays on this side of a border.
    Within,
}

/// A rule that asks for a step, and one reason why.
#[derive(Clone, Debug, SimpleObject)]
pub struct ApprovalReason {
    /// Name of the rule.
    rule: String,
    /// Why.
    code: ApprovalReasonCode,
    /// Why, as a sentence in the caller's language.
    text: String,
}

/// Reasons by rule, one after the other.
#[must_use]
pub fn reasons(why: &[(String, Vec<Reason>)], reference: &Reference, locale: Locale) -> Vec<ApprovalReason> {
    why.iter()
        .flat_map(|(rule, reasons)| reasons.iter().map(move |reason| (rule, reason)))
        .map(|(rule, reason)| {
            let (code, zh, en) = sentence(reason, reference);
            ApprovalReason { rule: rule.clone(), code, text: if locale == Locale::Zh { zh } else { en } }
        })
        .collect()
}

fn sentence(reason: &Reason, reference: &Reference) -> (ApprovalReasonCode, String, String) {
    match *reason {
        Reason::Always => {
            (ApprovalReasonCode::Always, "每个事项都需要。".to_owned(), "Every case needs it.".to_owned())
        }
        Reason::Custody { custody } => {
            let (zh, en) = match custody {
                Custody::Virtual => ("资产在虚拟仓（仍由持有单位保管）。", "It stays with its holder."),
                Custody::Physical => ("资产在实体仓。", "It is in the physical warehouse."),
            };
            (ApprovalReasonCode::Custody, zh.to_owned(), en.to_owned())
        }
        Reason::Purpose { purpose } => {
            let (zh, en) = match purpose {
                Purpose::Transfer => ("属于调剂。", "It is a transfer."),
                Purpose::Loan => ("属于借用。", "It is a loan."),
            };
            (ApprovalReasonCode::Purpose, zh.to_owned(), en.to_owned())
        }
        Reason::Kind { kind } => {
            let (zh, en) = match kind {
                AssetKind::General => ("通用资产", "general goods"),
                AssetKind::Vehicle => ("车辆", "a vehicle"),
                AssetKind::RealEstate => ("房产", "real estate"),
                AssetKind::Software => ("软件", "software"),
            };
            (ApprovalReasonCode::Kind, format!("资产类型为{zh}。"), format!("It is {en}."))
        }
        Reason::Category { category } => {
            let name = reference.category(category).map_or("?", |category| category.name.as_str());
            let zh = format!("属于“{name}”类。");
            (ApprovalReasonCode::Category, zh, format!("It belongs to the category {name}."))
        }
        Reason::Item { value, from } => (
            ApprovalReasonCode::ItemValue,
            format!("单件价值 {} 元，达到 {} 元。", yuan(value), yuan(from)),
            format!("One item is worth ¥{}, which is ¥{} or more.", yuan(value), yuan(from)),
        ),
        Reason::Batch { side, days, value, from } => {
            let (zh, en) = match side {
                Side::Receiver => ("申请单位", "the receiver"),
                Side::Giver | Side::Office => ("持有单位", "the giver"),
            };
            let (zh, en) = if days == 0 {
                (format!("{zh}本次"), format!("{en} at once"))
            } else {
                (format!("{zh} {days} 天内"), format!("{en} within {days} days"))
            };
            (
                ApprovalReasonCode::BatchValue,
                format!("{zh}合计 {} 元，达到 {} 元。", yuan(value), yuan(from)),
                format!("The batch of {en} is worth ¥{}, which is ¥{} or more.", yuan(value), yuan(from)),
            )
        }
        Reason::Unknown => (
            ApprovalReasonCode::UnknownValue,
            "价值不明或为名义金额。".to_owned(),
            "Its value is not known, or nominal.".to_owned(),
        ),
        Reason::Crosses { border } => {
            let (zh, en) = border_words(border);
            (ApprovalReasonCode::Crosses, format!("跨{zh}。"), format!("It goes from one {en} to another."))
        }
        Reason::Within { border } => {
            let (zh, en) = border_words(border);
            (ApprovalReasonCode::Within, format!("未跨{zh}。"), format!("It does not leave one {en}."))
        }
    }
}

fn border_words(border: Border) -> (&'static str, &'static str) {
    match border {
        Border::Department => ("主管部门", "department"),
        Border::Region => ("行政区划", "region"),
        Border::FiscalLevel => ("财政级次", "budget"),
    }
}

/// Minor units as an amount with two decimals and thousands apart.
fn yuan(minor: i64) -> String {
    let whole = (minor / 100).to_string();
    let groups: Vec<&str> = whole
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    format!("{}.{:02}", groups.join(","), minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_at_a_glance() {
        assert_eq!(yuan(5), "0.05");
        assert_eq!(yuan(450_000), "4,500.00");
        assert_eq!(yuan(123_456_789_012), "1,234,567,890.12");
    }
}
