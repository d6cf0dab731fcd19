//! How an entry came about, in words that a finance officer reads: formula, inputs, and the amount computed anew.

use entity::Money;
use entity::identity::Locale;
use entity::savings::{SavingKind, SavingMethod, saving_entry};

use super::rules::{self, Frozen, Inputs, LifeFrom, LoanInputs, Standard, ZeroReason};

/// One input of the formula.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Name in the frozen inputs.
    pub name: &'static str,
    /// Value, as text; empty where it was not known.
    pub value: String,
    /// What it means.
    pub meaning: &'static str,
}

/// How an entry came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The formula in words.
    pub formula: String,
    /// Inputs, as frozen at the receipt.
    pub inputs: Vec<Given>,
    /// The formula applied to the inputs again, in fen; negative for a contra entry.
    pub recomputed: Money,
    /// Why it counts nothing, where a rule makes it so.
    pub zero_reason: Option<ZeroReason>,
    /// That reason in words.
    pub zero_sentence: Option<&'static str>,
    /// The ledger says the same amount.
    pub agrees: bool,
    /// The entry is as it was posted.
    pub hash_agrees: bool,
}

/// Explains an entry.
///
/// # Errors
/// When the frozen inputs cannot be read, which `verify` reports as well.
pub fn explain(entry: &saving_entry::Model, locale: Locale) -> Result<Explanation, serde_json::Error> {
    let inputs = Frozen::of(entry)?;
    let (amount, zero_reason) = inputs.amount();
    let contra = entry.entry == SavingKind::Contra;
    let recomputed = if contra { -amount } else { amount };
    let (formula, inputs) = match &inputs {
        Frozen::Receipt(inputs) => (formula(inputs, contra, locale), givens(inputs, locale)),
        Frozen::Loan(inputs) => (loan_formula(contra, locale), loan_givens(inputs, locale)),
    };
    Ok(Explanation {
        formula,
        inputs,
        recomputed,
        zero_reason,
        zero_sentence: zero_reason.map(|reason| zero_sentence(reason, locale)),
        agrees: recomputed == entry.amount,
        hash_agrees: rules::hash(entry) == entry.hash,
    })
}

fn either(locale: Locale, zh: &'static str, en: &'static str) -> &'static str {
    match locale {
        Locale::Zh => zh,
        Locale::En => en,
    }
}

/// The formula, with the figures of this entry where they help.
fn formula(inputs: &Inputs, contra: bool, locale: Locale) -> String {
    let words = match inputs.method {
        SavingMethod::OriginalValue => either(
            locale,
            "原值法：节约额 = 本次接收数量对应的资产原值。",
            "Original value: the saving is the original value of the pieces received.",
        ),
        SavingMethod::NetBook => either(
            locale,
            "净值法：节约额 = 原值 − 原值 × 已提折旧月数 ÷ 折旧年限（月）。按月直线折旧，取得当月计提、转出当月不计提，\
             不留残值；折旧额按“四舍六入五成双”取整到分。",
            "Net book value: original value − original value × months depreciated ÷ depreciation life in months. \
             Straight line by month: the month of acquisition counts, the month of receipt does not; no residual \
             value; the depreciation is rounded to a fen, halves to even.",
        ),
        SavingMethod::Replacement | SavingMethod::Loan => either(
            locale,
            "重置法：节约额 = 接收当日有效的配置标准价格上限 × 接收数量。",
            "Replacement: price cap of the allocation standard in force on the day of receipt × pieces received.",
        ),
    };
    let mut text = words.to_owned();
    if let (SavingMethod::NetBook, Some(acquired_on)) = (inputs.method, inputs.acquired_on) {
        let months = rules::depreciated_months(acquired_on, inputs.civil_day);
        text.push_str(&match locale {
            Locale::Zh => format!("至接收日已提折旧 {months} 个月。"),
            Locale::En => format!(" Months depreciated at the receipt: {months}."),
        });
    }
    text.push_str(taken_back(contra, locale));
    text
}

fn taken_back(contra: bool, locale: Locale) -> &'static str {
    if !contra {
        return "";
    }
    either(
        locale,
        "本笔为退回冲销，金额与原分录相反。",
        " This entry takes an earlier one back: the same amount with the opposite sign.",
    )
}

fn loan_formula(contra: bool, locale: Locale) -> String {
    let words = either(
        locale,
        "借用法：节约额 = 日租金标准 × 借用数量 × 借用天数（首尾两日均计，逾期不计），         且该资产全寿命期内各次借用的节约累计不超过其重置价（配置标准价格上限 × 资产数量）。",
        "Loan: rental rate for a day × pieces used × days of use (both ends counted, none beyond the agreed last day), and over          the asset's whole life no more than its replacement: price cap of the standard × pieces of the asset.",
    );
    format!("{words}{}", taken_back(contra, locale))
}

fn loan_givens(inputs: &LoanInputs, locale: Locale) -> Vec<Given> {
    let mut rows = Vec::new();
    let mut row =
        |name, value: String, zh, en| rows.push(Given { name, value, meaning: either(locale, zh, en) });
    row("method", inputs.method.to_string(), "计算方法", "Method");
    row("quantity", inputs.quantity.to_string(), "借用数量", "Pieces used");
    row("dayFrom", inputs.day_from.to_string(), "起计日", "First day counted");
    row("dayTo", inputs.day_to.to_string(), "止计日（含）", "Last day counted");
    row("days", inputs.days().to_string(), "天数", "Days");
    row(
        "source",
        inputs.source.to_string(),
        "资产来源；罚没物品不计节约",
        "Source; confiscated goods never count",
    );
    row(
        "sameUnit",
        inputs.same_unit.to_string(),
        "是否同一单位内部借用（不计节约）",
        "Within one unit, which never counts",
    );
    if let Some(rate) = &inputs.rate {
        let region = rate.region_id.map(|region| region.to_string()).unwrap_or_default();
        row(
            "rate.fenPerDay",
            rate.fen_per_day.0.to_string(),
            "单件日租金（分）",
            "One piece for one day, in fen",
        );
        row("rate.source", rate.source.clone(), "租金标准依据", "Paper or survey of the rate");
        row("rate.revision", rate.revision.to_string(), "租金标准版本", "Revision of the rate");
        row("rate.validFrom", rate.valid_from.to_string(), "租金标准生效日期", "Rate in force from");
        row("rate.id", rate.id.to_string(), "租金标准标识", "Identity of the rate");
        row("rate.regionId", region, "适用区划；空为全部", "Jurisdiction; empty is everywhere");
    }
    if let Some(cap) = &inputs.cap {
        row("cap.pieces", cap.pieces.to_string(), "该资产全部数量", "Pieces of the asset, all in all");
        row(
            "cap.used",
            cap.used.0.to_string(),
            "本笔之前各次借用已计节约（分）",
            "What its loans had saved before, in fen",
        );
        rows.extend(standard_givens(&cap.standard, locale));
    }
    rows.push(edition(inputs.edition, locale));
    rows
}

fn edition(edition: u32, locale: Locale) -> Given {
    let meaning = either(locale, "公式版本", "Edition of the formulas");
    Given { name: "edition", value: edition.to_string(), meaning }
}

fn standard_givens(standard: &Standard, locale: Locale) -> Vec<Given> {
    let mut rows = Vec::new();
    let mut row =
        |name, value: String, zh, en| rows.push(Given { name, value, meaning: either(locale, zh, en) });
    row("standard.source", standard.source.clone(), "配置标准文件", "Paper of the standard");
    row("standard.revision", standard.revision.to_string(), "配置标准版本", "Revision of the standard");
    row("standard.validFrom", standard.valid_from.to_string(), "配置标准生效日期", "Standard in force from");
    row(
        "standard.priceCap",
        standard.price_cap.0.to_string(),
        "单件价格上限（分）",
        "Price cap of one piece, in fen",
    );
    row("standard.id", standard.id.to_string(), "配置标准标识", "Identity of the standard");
    let region = standard.region_id.map(|region| region.to_string()).unwrap_or_default();
    row("standard.regionId", region, "适用区划；空为中央", "Jurisdiction; empty is central");
    rows
}

fn givens(inputs: &Inputs, locale: Locale) -> Vec<Given> {
    let mut rows = Vec::new();
    let mut row =
        |name, value: String, zh, en| rows.push(Given { name, value, meaning: either(locale, zh, en) });
    let known = |value: Option<String>| value.unwrap_or_default();
    row("method", inputs.method.to_string(), "计算方法", "Method");
    row("quantity", inputs.quantity.to_string(), "接收数量", "Pieces received");
    row("civilDay", inputs.civil_day.to_string(), "接收日期", "Civil day of the receipt");
    row(
        "source",
        inputs.source.to_string(),
        "资产来源；罚没物品不计节约",
        "Source; confiscated goods never count",
    );
    row(
        "sameUnit",
        inputs.same_unit.to_string(),
        "是否同一单位内部调拨（不计节约）",
        "Within one unit, which never counts",
    );
    if inputs.method != SavingMethod::Replacement {
        let value = inputs.value.map(|value| value.0.to_string());
        row(
            "value",
            known(value),
            "本次接收数量对应的卡片价值（分）",
            "Value of the pieces on the card, in fen",
        );
        row(
            "valueBasis",
            inputs.value_basis.to_string(),
            "价值类型；名义金额与价值不明按 0 计",
            "What the value is; nominal and unknown count 0",
        );
    }
    if inputs.method == SavingMethod::NetBook {
        let acquired_on = inputs.acquired_on.map(|day| day.to_string());
        row("acquiredOn", known(acquired_on), "取得日期", "Acquired on");
        row(
            "lifeMonths",
            known(inputs.life_months.map(|months| months.to_string())),
            "折旧年限（月）",
            "Depreciation life in months",
        );
        let from = inputs.life_from.map(|from| match from {
            LifeFrom::Card => "CARD".to_owned(),
            LifeFrom::Category => "CATEGORY".to_owned(),
        });
        row(
            "lifeFrom",
            known(from),
            "折旧年限来源：卡片优先，其次分类",
            "Whose life: the card's own, else its category's",
        );
    }
    rows.extend(inputs.standard.iter().flat_map(|standard| standard_givens(standard, locale)));
    rows.push(edition(inputs.edition, locale));
    rows
}

fn zero_sentence(reason: ZeroReason, locale: Locale) -> &'static str {
    let (zh, en) = match reason {
        ZeroReason::Confiscated => ("罚没物品不计入节约。", "Confiscated goods never count as savings."),
        ZeroReason::SameUnit => ("同一单位内部调拨不计节约。", "A move inside one unit spares nothing."),
        ZeroReason::NominalValue => ("名义金额按 0 计。", "A nominal amount counts 0."),
        ZeroReason::UnknownValue => ("资产价值不明，按 0 计。", "The value is not known and counts 0."),
        ZeroReason::UnknownAge => {
            ("取得日期不明，无法计算折旧，按 0 计。", "Without the day of acquisition there is no net value.")
        }
        ZeroReason::UnknownLife => {
            ("卡片与分类均无折旧年限，按 0 计。", "Neither card nor category has a depreciation life.")
        }
        ZeroReason::FullyDepreciated => ("已提足折旧，净值为 0。", "Fully depreciated: the net value is 0."),
        ZeroReason::NoStandard => ("当日无有效配置标准，按 0 计。", "No standard was in force on the day."),
        ZeroReason::NoRate => {
            ("借用期间无有效租金标准，按 0 计。", "No rental rate was in force on those days.")
        }
        ZeroReason::CapReached => (
            "该资产历次借用的节约已达其重置价，按 0 计。",
            "Loans of this asset have saved its replacement already.",
        ),
    };
    either(locale, zh, en)
}
