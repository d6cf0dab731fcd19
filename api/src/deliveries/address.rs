//! Which addresses may be called. Whoever types an address must not reach what only this machine reaches: its own ports, its
//! neighbours, the address at which clouds hand out credentials. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use reqwest::Url;

use crate::fault::{Code, Rejection};

/// Longest address.
const LONGEST: usize = 2_000;

/// The address of a webhook: http or https, with no name and password in it and no fragment.
///
/// # Errors
/// [`Code::Malformed`] or [`Code::TooLong`] at `url`.
pub fn parse(text: &str) -> Result<Url, Rejection> {
    let text = text.trim();
    if text.len() > LONGEST {
        return Err(Rejection::new(Code::TooLong).at("url").with("most", LONGEST));
    }
    let expected = "http 或 https 地址，不含账号密码和片段 / an http or https address without account, password and fragment";
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .filter(|url| url.username().is_empty() && url.password().is_none() && url.fragment().is_none())
        .filter(|url| url.host_str().is_some_and(|host| !host.is_empty()))
        .ok_or_else(|| Rejection::new(Code::Malformed).at("url").with("expected", expected))
}

/// The address in an address that names no host but a number.
#[must_use]
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

/// Whether an address may be called: a public one, or one in a network that the configuration opens.
#[must_use]
pub fn may_call(ip: IpAddr, opened: &[IpNet]) -> bool {
    let ip = ip.to_canonical();
    opened.iter().any(|network| network.contains(&ip))
        || match ip {
            IpAddr::V4(ip) => is_public_v4(ip),
            IpAddr::V6(ip) => is_public_v6(ip),
        }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        // Between a provider and its customers; protocol assignments; benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Only what is given out as public, and nothing that carries an address of the older kind inside.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    a & 0xe000 == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_and_its_neighbours_are_closed() {
        for closed in [
            "127.0.0.1",
            "127.8.8.8",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "2001::1",
        ] {
            assert!(!may_call(closed.parse().unwrap(), &[]), "{closed}");
        }
        for open in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "240e::1"] {
            assert!(may_call(open.parse().unwrap(), &[]), "{open}");
        }
    }

    #[test]
    fn a_network_that_was_opened_opens_nothing_else() {
        let opened = ["10.20.0.0/16".parse().unwrap()];
        assert!(may_call("10.20.3.4".parse().unwrap(), &opened));
        assert!(may_call("::ffff:10.20.3.4".parse().unwrap(), &opened));
        assert!(!may_call("10.21.3.4".parse().unwrap(), &opened));
        assert!(!may_call("127.0.0.1".parse().unwrap(), &opened));
    }

    #[test]
    fn a_number_in_any_writing_is_a_number() {
        for (text, ip) in [
            ("http://127.1/", "127.0.0.1"),
            ("http://2130706433/", "127.0.0.1"),
            ("http://0x7f.1/", "127.0.0.1"),
            ("http://[::1]:80/", "::1"),
        ] {
            assert_eq!(literal(&parse(text).unwrap()), Some(ip.parse().unwrap()), "{text}");
        }
        assert_eq!(literal(&parse("https://hooks.city.example/").unwrap()), None);
    }

    #[test]
    fn what_is_no_address_or_has_a_password_is_refused() {
        for wrong in [
            "",
            "x",
            "ftp://a/",
            "file:///etc/passwd",
            "http://a:b@c/",
            "http://a@c/",
            "http://c/#x",
            "http://",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&format!("http://c/{}", "x".repeat(3_000))).is_err());
    }
}
