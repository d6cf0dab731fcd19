//! When two serial numbers are the same: folded for comparison, with placeholders left out.

/// What people write where a serial number is missing, folded.
const PLACEHOLDERS: &[&str] = &[
    "无",
    "暂无",
    "没有",
    "不详",
    "未知",
    "不明",
    "空",
    "缺",
    "待查",
    "待补",
    "无序列号",
    "无编号",
    "无号",
    "NA",
    "NONE",
    "NULL",
    "NIL",
    "NO",
    "NOTAPPLICABLE",
    "UNKNOWN",
    "TBD",
    "NOSERIAL",
    "NOSN",
    "SN",
];

/// Letters and digits alone, in upper case, full-width forms as half-width ones.
#[must_use]
pub fn fold(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            _ => c,
        })
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

/// Whether a folded text stands for "there is none".
fn placeholder(folded: &str) -> bool {
    folded.chars().all(|c| c == '0') || folded.chars().all(|c| c == 'X') || PLACEHOLDERS.contains(&folded)
}

/// The key under which a serial number is unique: per manufacturer. None where either is missing or a placeholder,
/// because then nothing can be compared.
#[must_use]
pub fn key(brand: &str, serial: Option<&str>) -> Option<String> {
    let brand = fold(brand);
    let serial = fold(serial?);
    if placeholder(&brand) || placeholder(&serial) {
        return None;
    }
    Some(format!("{brand}/{serial}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_is_the_same_however_it_is_typed() {
        assert_eq!(key("Lenovo", Some("sn-12 34a")), key("ＬＥＮＯＶＯ ", Some("SN1234A")));
        assert_ne!(key("联想", Some("1234")), key("惠普", Some("1234")));
    }

    #[test]
    fn placeholders_are_no_numbers() {
        for text in ["", "无", "0000", "0", "N/A", "n.a.", "不详", "－", "None", "xxxx", "无 序列号"]
        {
            assert_eq!(key("联想", Some(text)), None, "{text}");
        }
        assert_eq!(key("", Some("1234")), None);
        assert_eq!(key("联想", None), None);
        assert!(key("联想", Some("0010")).is_some());
    }

    #[test]
    fn brand_and_serial_do_not_run_into_each_other() {
        assert_ne!(key("A1", Some("23")), key("A", Some("123")));
    }
}
