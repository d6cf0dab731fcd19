//! Calls to the outside: one client, which reaches only what may be called.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};

use super::address;

/// How long a call may take from its beginning to the end of its answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

/// The client and what it may call. A cheap clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    http: Client,
    opened: Arc<[IpNet]>,
}

/// The address belongs to a network that is closed.
#[derive(Debug, thiserror::Error)]
#[error("the address is private, and no WEBHOOK_NETWORKS opens its network")]
pub struct Closed;

impl Outbound {
    /// A client that calls public addresses, and those of the networks in `opened`.
    ///
    /// # Errors
    /// When the certificates of the system cannot be read.
    pub fn new(opened: Vec<IpNet>) -> anyhow::Result<Self> {
        // The one that the S3 client has; where another is installed already it serves as well.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let opened: Arc<[IpNet]> = opened.into();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(5))
            // What was checked is what is called: no detour by a redirect or a proxy of the environment.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .dns_resolver(Arc::new(Checked(Arc::clone(&opened))))
            .pool_max_idle_per_host(2)
            .user_agent(concat!("public-warehouse/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot make the client for webhooks")?;
        Ok(Self { http, opened })
    }

    /// The client. Ask [`Outbound::check`] first: a number for a host is not looked up, so no resolver sees it.
    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// Refuses an address that names a closed number.
    ///
    /// # Errors
    /// [`Closed`].
    pub(super) fn check(&self, url: &Url) -> Result<(), Closed> {
        match address::literal(url) {
            Some(ip) if !address::may_call(ip, &self.opened) => Err(Closed),
            _ => Ok(()),
        }
    }

    /// As [`Outbound::check`], and looks the host up. One that has no address now may have one later.
    ///
    /// # Errors
    /// [`Closed`] where none of the host's addresses may be called.
    pub(super) async fn check_host(&self, url: &Url) -> Result<(), Closed> {
        self.check(url)?;
        let Some(host) = url.host_str().filter(|_| address::literal(url).is_none()) else { return Ok(()) };
        let found = tokio::time::timeout(Duration::from_secs(3), tokio::net::lookup_host((host, 0)));
        match found.await {
            Ok(Ok(found)) => {
                let found: Vec<IpAddr> = found.map(|address| address.ip()).collect();
                let closed =
                    !found.is_empty() && !found.iter().any(|ip| address::may_call(*ip, &self.opened));
                if closed { Err(Closed) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }
}

/// Looks names up, and gives only addresses that may be called: the connection goes to the very address that was checked, so
/// that a name cannot mean another one a moment later.
struct Checked(Arc<[IpNet]>);

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let opened = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let open: Vec<SocketAddr> =
                found.into_iter().filter(|found| address::may_call(found.ip(), &opened)).collect();
            if open.is_empty() {
                return Err(Closed.into());
            }
            Ok(Box::new(open.into_iter()) as Addrs)
        })
    }
}
