//! A caller that costs next to nothing: the request is bytes made once, the answer is read to its end and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that is kept.
pub struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    /// To `http://address`.
    pub async fn connect(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address.strip_prefix("http://").unwrap_or(address)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request; gives the body of its answer, which must be 200.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (body, end) = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server hung up");
            }
            if let Some(extent) = extent(&self.buffer)? {
                break extent;
            }
        };
        while self.buffer.len() < end {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server hung up");
            }
        }
        if !self.buffer.starts_with(b"HTTP/1.1 200") {
            bail!("{}", String::from_utf8_lossy(&self.buffer));
        }
        Ok(&self.buffer[body..end])
    }
}

/// Where the body begins and ends, once the head is there.
fn extent(bytes: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..head])?.to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.context("an answer without a length")?.trim().parse()?;
    Ok(Some((head + 4, head + 4 + length)))
}

/// `callers` send the same request again and again for so long; gives answers a second.
pub async fn press(address: &str, request: &[u8], callers: usize, long: Duration) -> anyhow::Result<f64> {
    let request: Arc<[u8]> = request.into();
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let mut caller = Caller::connect(address).await?;
        let (request, stop) = (Arc::clone(&request), Arc::clone(&stop));
        tasks.spawn(async move {
            let mut answers = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                caller.exchange(&request).await?;
                answers += 1;
            }
            anyhow::Ok(answers)
        });
    }
    tokio::time::sleep(long).await;
    stop.store(true, Ordering::Relaxed);
    let mut answers = 0;
    while let Some(done) = tasks.join_next().await {
        answers += done??;
    }
    Ok(answers as f64 / begun.elapsed().as_secs_f64())
}
