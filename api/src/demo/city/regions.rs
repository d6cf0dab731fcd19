//! The city and its districts.

/// The namespace of codes of GB/T 2260.
pub const GB_T_2260: &str = "GB/T 2260";
/// The namespace of regions that the national standard does not know: functional zones.
pub const LOCAL: &str = "LOCAL";

/// A region; the first of [`REGIONS`] is the city, all others are its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Who gave the code: [`GB_T_2260`] or [`LOCAL`].
    pub namespace: &'static str,
    /// The code within its namespace.
    pub code: &'static str,
    /// The name of the region itself, as 江岸区.
    pub name: &'static str,
    /// What the names of its bodies begin with, as 武汉市江岸区.
    pub body_prefix: &'static str,
    /// A number as it is dialled there, without area code: the first four digits.
    pub phone_prefix: &'static str,
}

/// Index of the city in [`REGIONS`].
pub const CITY: u32 = 0;

const fn gb(
    code: &'static str,
    name: &'static str,
    body_prefix: &'static str,
    phone: &'static str,
) -> Region {
    Region { namespace: GB_T_2260, code, name, body_prefix, phone_prefix: phone }
}

/// All regions: codes and names of domain §6.
pub const REGIONS: &[Region] = &[
    gb("420100", "武汉市", "武汉市", "8282"),
    gb("420102", "江岸区", "武汉市江岸区", "8274"),
    gb("420103", "江汉区", "武汉市江汉区", "8548"),
    gb("420104", "硚口区", "武汉市硚口区", "8379"),
    gb("420105", "汉阳区", "武汉市汉阳区", "8446"),
    gb("420106", "武昌区", "武汉市武昌区", "8893"),
    gb("420107", "青山区", "武汉市青山区", "8686"),
    gb("420111", "洪山区", "武汉市洪山区", "8767"),
    gb("420112", "东西湖区", "武汉市东西湖区", "8321"),
    gb("420113", "汉南区", "武汉市汉南区", "8485"),
    gb("420114", "蔡甸区", "武汉市蔡甸区", "8494"),
    gb("420115", "江夏区", "武汉市江夏区", "8791"),
    gb("420116", "黄陂区", "武汉市黄陂区", "6100"),
    gb("420117", "新洲区", "武汉市新洲区", "8692"),
    Region {
        namespace: LOCAL,
        code: "WH-DHGX",
        name: "东湖高新区",
        body_prefix: "武汉东湖新技术开发区",
        phone_prefix: "6788",
    },
    Region {
        namespace: LOCAL,
        code: "WH-CJXQ",
        name: "长江新区",
        body_prefix: "武汉长江新区",
        phone_prefix: "8266",
    },
];

/// The parent of a region in [`REGIONS`].
pub const fn parent(region: u32) -> Option<u32> {
    if region == CITY { None } else { Some(CITY) }
}
