//! Categories of GB/T 14885-2022, allocation standards and depreciation floors, as far as the demo city uses them.

use entity::catalogue::AssetKind;

/// The system of the category codes.
pub const SYSTEM: &str = "GB/T 14885";
/// The edition; the same digits mean other things in other editions, so a key is (system, edition, code).
pub const EDITION: &str = "2022";

/// A node of the tree of categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    /// The code within [`SYSTEM`] and [`EDITION`].
    pub code: &'static str,
    /// The Chinese name.
    pub name: &'static str,
    /// The code of the node above.
    pub parent: Option<&'static str>,
    /// Months of straight-line depreciation, as a floor; `None` for groups and for what is not depreciated so.
    pub depreciation_months: Option<u16>,
}

/// A node that only groups; all of these are examples.
const fn group(code: &'static str, name: &'static str, parent: Option<&'static str>) -> Category {
    Category { code, name, parent, depreciation_months: None }
}

/// A code that domain §6 gives.
const fn given(code: &'static str, name: &'static str, parent: &'static str, years: u16) -> Category {
    Category { code, name, parent: Some(parent), depreciation_months: Some(years * 12) }
}

/// A believable place in the tree, to be replaced by the import of the standard itself.
const fn example(code: &'static str, name: &'static str, parent: &'static str, years: u16) -> Category {
    given(code, name, parent, years)
}

/// The tree, parents first.
///
/// Depreciation floors are those of domain §6: computers and office equipment 6 years, vehicles 8, electrical and
/// communications 5, concrete buildings 50; furniture 15.
pub const CATEGORIES: &[Category] = &[
    group("A01000000", "房屋和构筑物", None),
    group("A01010000", "房屋", Some("A01000000")),
    example("A01010100", "办公用房", "A01010000", 50),
    example("A01010200", "业务用房", "A01010000", 50),
    group("A02000000", "设备", None),
    group("A02010000", "信息化设备", Some("A02000000")),
    group("A02010100", "计算机", Some("A02010000")),
    given("A02010104", "服务器", "A02010100", 6),
    given("A02010105", "台式计算机", "A02010100", 6),
    given("A02010108", "便携式计算机", "A02010100", 6),
    group("A02020000", "办公设备", Some("A02000000")),
    example("A02020100", "复印机", "A02020000", 6),
    example("A02020200", "投影仪", "A02020000", 6),
    example("A02020400", "多功能一体机", "A02020000", 6),
    given("A02021000", "打印机", "A02020000", 6),
    example("A02021118", "扫描仪", "A02020000", 6),
    given("A02021301", "碎纸机", "A02020000", 6),
    group("A02030000", "车辆", Some("A02000000")),
    example("A02030501", "轿车", "A02030000", 8),
    example("A02030502", "越野车", "A02030000", 8),
    example("A02030503", "商务车", "A02030000", 8),
    example("A02030600", "客车", "A02030000", 8),
    group("A02060000", "电气设备", Some("A02000000")),
    group("A02061800", "生活用电器", Some("A02060000")),
    example("A02061801", "电冰箱", "A02061800", 5),
    given("A02061804", "空调机", "A02061800", 5),
    example("A02061810", "洗衣机", "A02061800", 5),
    example("A02061815", "饮水器", "A02061800", 5),
    group("A02080000", "通信设备", Some("A02000000")),
    example("A02081001", "电话机", "A02080000", 5),
    group("A02090000", "广播电视设备", Some("A02000000")),
    example("A02091001", "电视机", "A02090000", 5),
    example("A02091107", "照相机", "A02090000", 5),
    group("A05000000", "家具和用具", None),
    group("A05010000", "家具", Some("A05000000")),
    group("A05010200", "台、桌类", Some("A05010000")),
    given("A05010201", "办公桌", "A05010200", 15),
    example("A05010202", "会议桌", "A05010200", 15),
    group("A05010300", "椅凳类", Some("A05010000")),
    given("A05010301", "办公椅", "A05010300", 15),
    given("A05010303", "会议椅", "A05010300", 15),
    group("A05010400", "沙发类", Some("A05010000")),
    example("A05010401", "三人沙发", "A05010400", 15),
    group("A05010500", "柜类", Some("A05010000")),
    given("A05010501", "书柜", "A05010500", 15),
    given("A05010502", "文件柜", "A05010500", 15),
    example("A05010504", "保密柜", "A05010500", 15),
    group("A08000000", "无形资产", None),
    group("A08060300", "计算机软件", Some("A08000000")),
    example("A08060301", "基础软件", "A08060300", 5),
    example("A08060303", "应用软件", "A08060300", 5),
];

/// An allocation standard: what a piece may cost and how long it must serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standard {
    /// The jurisdiction that sets it.
    pub jurisdiction: &'static str,
    /// The paper it stands in.
    pub document: &'static str,
    /// First day it is in force, as (year, month, day).
    pub effective: (i32, u32, u32),
    /// Category code.
    pub category: &'static str,
    /// For whom, where the paper tells ranks apart.
    pub rank: Option<&'static str>,
    /// Highest price of a piece, in fen.
    pub price_cap_fen: i64,
    /// Minimum service life, in months.
    pub service_months: u16,
    /// Copies after which a copier may be replaced whatever its age.
    pub copies: Option<u32>,
}

const fn std2016(category: &'static str, rank: Option<&'static str>, yuan: i64, years: u16) -> Standard {
    Standard {
        jurisdiction: "000000",
        document: "财资〔2016〕27号",
        effective: (2016, 7, 1),
        category,
        rank,
        price_cap_fen: yuan * 100,
        service_months: years * 12,
        copies: None,
    }
}

/// The standards of domain §6 (central, 财资〔2016〕27号).
pub const STANDARDS: &[Standard] = &[
    std2016("A02010105", None, 5000, 6),
    std2016("A02010108", None, 7000, 6),
    std2016("A02020400", None, 3000, 6),
    Standard { copies: Some(300_000), ..std2016("A02020100", None, 35_000, 6) },
    std2016("A05010201", Some("司局级"), 4500, 15),
    std2016("A05010201", Some("处级及以下"), 3000, 15),
    std2016("A05010301", Some("司局级"), 1500, 15),
    std2016("A05010301", Some("处级及以下"), 800, 15),
    std2016("A05010401", None, 3000, 15),
    std2016("A05010502", Some("司局级"), 2000, 20),
    std2016("A05010502", Some("处级及以下"), 1000, 20),
    std2016("A05010504", None, 3000, 20),
    std2016("A05010303", None, 800, 15),
];

/// The kind of assets under `code`.
pub fn kind(code: &str) -> AssetKind {
    match code {
        _ if code.starts_with("A01") => AssetKind::RealEstate,
        _ if code.starts_with("A0203") => AssetKind::Vehicle,
        _ if code.starts_with("A08") => AssetKind::Software,
        _ => AssetKind::General,
    }
}

/// Whether assets under `code` have a disk, so that it must be erased before they are listed: computers, and copiers,
/// which keep what they copied.
pub fn has_disk(code: &str) -> bool {
    code.starts_with("A020101") || code == "A02020100"
}

/// The category of `code`.
pub fn category(code: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_tree_is_whole() {
        let codes: HashSet<&str> = CATEGORIES.iter().map(|category| category.code).collect();
        assert_eq!(codes.len(), CATEGORIES.len(), "a code occurs twice");
        for category in CATEGORIES {
            if let Some(parent) = category.parent {
                let parent = super::category(parent).unwrap();
                assert_eq!(parent.depreciation_months, None, "{} hangs under a leaf", category.code);
            }
        }
        assert!(STANDARDS.iter().all(|standard| codes.contains(standard.category)));
    }
}
