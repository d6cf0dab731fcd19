//! Enums as people read them. In English they are the names of the schema.

use entity::identity::Locale;

/// The word for a value of an enum.
pub(super) fn word(value: impl std::fmt::Display, locale: Locale) -> String {
    let name = value.to_string();
    if locale != Locale::Zh {
        return name;
    }
    let found = WORDS.iter().find(|(known, _)| *known == name).map(|(_, word)| (*word).to_owned());
    found.unwrap_or(name)
}

/// Yes or no.
pub(super) fn flag(value: bool, locale: Locale) -> String {
    match (value, locale) {
        (true, Locale::Zh) => "是",
        (false, Locale::Zh) => "否",
        (true, _) => "yes",
        (false, _) => "no",
    }
    .to_owned()
}

/// Names that mean different things in different enums have one word that fits all of them.
const WORDS: &[(&str, &str)] = &[
    ("GENERAL", "通用"),
    ("VEHICLE", "车辆"),
    ("REAL_ESTATE", "房产"),
    ("SOFTWARE", "软件"),
    ("IDLE", "闲置"),
    ("OVER_STANDARD", "超标准配置"),
    ("UNDER_USED", "低效运转"),
    ("DISSOLVED", "机构撤并"),
    ("EVENT", "临时活动"),
    ("CONFISCATED", "罚没"),
    ("RESERVE", "储备"),
    ("SURPLUS", "盘盈"),
    ("ACTIVE", "在账"),
    ("MERGED", "已合并"),
    ("LOST", "遗失"),
    ("DISPOSED", "已处置"),
    ("NEW", "全新"),
    ("GOOD", "良好"),
    ("FAIR", "一般"),
    ("POOR", "较差"),
    ("BROKEN", "损坏"),
    ("ORIGINAL", "原值"),
    ("APPRAISED", "评估值"),
    ("NOMINAL", "名义金额"),
    ("UNKNOWN", "不详"),
    ("VIRTUAL", "虚拟仓"),
    ("PHYSICAL", "实体仓"),
    ("DRAFT", "草稿"),
    ("SUBMITTED", "已提交"),
    ("AWAITING_INSPECTION", "待验收"),
    ("REPAIR", "维修中"),
    ("RETURNED_TO_HOLDER", "退回原单位"),
    ("PUBLICITY", "公示中"),
    ("LISTED", "已上架"),
    ("RETURNED", "已退回"),
    ("REJECTED", "已驳回"),
    ("WITHDRAWN", "已撤回"),
    ("DISPOSAL", "转处置"),
    ("QUEUED", "排队中"),
    ("RESERVED", "已预留"),
    ("RELEASING", "出仓中"),
    ("IN_TRANSIT", "运送中"),
    ("RECEIVED", "已接收"),
    ("SHORT", "短少"),
    ("REFUSED", "拒收"),
    ("CLOSED", "已办结"),
    ("CUT", "核减"),
    ("CANCELLED", "已取消"),
    ("EXPIRED", "已过期"),
    ("OUTRANKED", "被优先"),
    ("GIVER_FAILED", "调出方未能交付"),
    ("REVERSED", "已冲销"),
    ("ENTRY", "入账"),
    ("CONTRA", "冲销"),
    ("ORIGINAL_VALUE", "原值法"),
    ("NET_BOOK", "净值法"),
    ("REPLACEMENT", "重置法"),
    ("TRANSFER", "调剂"),
    ("LOAN", "借用"),
    ("CITY", "市本级"),
    ("DISTRICT", "区"),
];
