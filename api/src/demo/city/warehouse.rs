//! The hub: 3,000 m² in zones, racks and bins.

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ZonePurpose {
    /// 家具区.
    Furniture,
    /// 电子设备区.
    Electronics,
    /// 电器区.
    Appliances,
    /// 大件区.
    Large,
    /// 待检区.
    Inspection,
    /// 待修区.
    Repair,
    /// 出库区.
    Dispatch,
}

impl ZonePurpose {
    /// Every purpose, in the order of the declaration.
    pub const ALL: &'static [Self] = &[
        Self::Furniture,
        Self::Electronics,
        Self::Appliances,
        Self::Large,
        Self::Inspection,
        Self::Repair,
        Self::Dispatch,
    ];
}

/// A warehouse and all places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warehouse {
    /// Short code.
    pub code: &'static str,
    /// Name.
    pub name: &'static str,
    /// Street and number.
    pub address: &'static str,
    /// The unit that runs it.
    pub unit: u32,
    /// The region it stands in.
    pub region: u32,
    /// Floor in square metres.
    pub area_m2: u32,
    /// Zones; what they leave of the floor is aisles and the gate.
    pub zones: Vec<Zone>,
    /// Racks, zone by zone.
    pub racks: Vec<Rack>,
    /// Bins, rack by rack.
    pub bins: Vec<Bin>,
}

/// A zone of a warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its letter.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What stands there.
    pub purpose: ZonePurpose,
    /// Floor in square decimetres (1 m² = 100).
    pub area_dm2: u32,
}

/// A rack, or a row of marked floor in zones without racks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rack {
    /// Zone letter and number, as `B-07`.
    pub code: String,
    /// Index of its zone.
    pub zone: u32,
    /// Floor in square decimetres.
    pub area_dm2: u32,
}

/// A bin: a shelf of a rack, or a marked place on the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bin {
    /// Rack, level, place, as `B-07-2-03`.
    pub code: String,
    /// Index of its rack.
    pub rack: u32,
    /// What its zone is for.
    pub purpose: ZonePurpose,
    /// Room for goods in square decimetres. The bins of all levels of a rack share its floor.
    pub area_dm2: u32,
}

struct Plan {
    code: &'static str,
    name: &'static str,
    purpose: ZonePurpose,
    area_m2: u32,
    racks: u32,
    levels: u32,
    places: u32,
}

const fn zone(
    (code, name): (&'static str, &'static str),
    purpose: ZonePurpose,
    area_m2: u32,
    (racks, levels, places): (u32, u32, u32),
) -> Plan {
    Plan { code, name, purpose, area_m2, racks, levels, places }
}

const PLANS: &[Plan] = &[
    zone(("A", "家具一区（桌椅）"), ZonePurpose::Furniture, 640, (16, 1, 8)),
    zone(("B", "家具二区（柜类）"), ZonePurpose::Furniture, 420, (12, 1, 8)),
    zone(("C", "电子设备区"), ZonePurpose::Electronics, 460, (20, 4, 6)),
    zone(("D", "电器区"), ZonePurpose::Appliances, 320, (12, 3, 5)),
    zone(("E", "大件区"), ZonePurpose::Large, 380, (8, 1, 6)),
    zone(("F", "待检区"), ZonePurpose::Inspection, 180, (6, 2, 5)),
    zone(("G", "待修区"), ZonePurpose::Repair, 120, (5, 2, 5)),
    zone(("H", "出库区"), ZonePurpose::Dispatch, 140, (4, 1, 6)),
];

/// The hub, run by `unit`, standing in `region`.
pub(super) fn generate(unit: u32, region: u32) -> Warehouse {
    let mut warehouse = Warehouse {
        code: "WH-HUB",
        name: "武汉市公物仓中心仓",
        address: "武汉市东西湖区金银湖路108号",
        unit,
        region,
        area_m2: 3000,
        zones: Vec::new(),
        racks: Vec::new(),
        bins: Vec::new(),
    };
    for (at, plan) in PLANS.iter().enumerate() {
        let area_dm2 = plan.area_m2 * 100;
        warehouse.zones.push(Zone { code: plan.code, name: plan.name, purpose: plan.purpose, area_dm2 });
        // A third of a zone is aisle.
        let rack_area = area_dm2 * 2 / 3 / plan.racks;
        for rack in 1..=plan.racks {
            let rack_at = warehouse.racks.len() as u32;
            let rack_code = format!("{}-{rack:02}", plan.code);
            for level in 1..=plan.levels {
                for place in 1..=plan.places {
                    warehouse.bins.push(Bin {
                        code: format!("{rack_code}-{level}-{place:02}"),
                        rack: rack_at,
                        purpose: plan.purpose,
                        area_dm2: rack_area / (plan.levels * plan.places),
                    });
                }
            }
            warehouse.racks.push(Rack { code: rack_code, zone: at as u32, area_dm2: rack_area });
        }
    }
    warehouse
}

impl Warehouse {
    /// The range of indices of the bins for `purpose`; zones of one purpose stand together.
    pub fn bins_for(&self, purpose: ZonePurpose) -> std::ops::Range<u32> {
        let first = self.bins.iter().position(|bin| bin.purpose == purpose).unwrap_or(0);
        let count = self.bins.iter().filter(|bin| bin.purpose == purpose).count();
        first as u32..(first + count) as u32
    }
}
