//! Benchmarks of the really started service; figures are written down in BENCHMARKS.md.
//!
//!     cargo bench --workspace --bench service -- start
//!     cargo bench --workspace --bench service -- memory
//!     cargo bench --workspace --bench service -- browse --listings 1000000
//!     cargo bench --workspace --bench service -- chains
//!     cargo bench --workspace --bench service -- import --rows 100000

mod browse;
mod chains;
mod demo;
mod import;
mod load;
mod memory;
mod start;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

// As in the binary that this one stands for.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    what: What,
    /// What cargo tells every benchmark.
    #[arg(long, global = true, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// From the start of the process on demo data to its first page of listings
    Start(start::Start),
    /// RssAnon after many mixed requests on demo data
    Memory(memory::Memory),
    /// A page of 20 listings on PostgreSQL, as a ratio to a bare handler that sends the same JSON from one statement
    Browse(browse::Browse),
    /// Asked for, approved, handed over and received, on both databases
    Chains(chains::Chains),
    /// A table of cards while others browse: rows a second and p99 of a page, on both databases
    Import(import::Import),
}

fn main() -> ExitCode {
    // This binary is the servers that it measures, too.
    if let Some(code) = tests::child::command_line().or_else(browse::bare) {
        return code;
    }
    let line = Line::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let done = runtime.block_on(async {
        match line.what {
            What::Start(start) => start.run().await,
            What::Memory(memory) => memory.run().await,
            What::Browse(browse) => browse.run().await,
            What::Chains(chains) => chains.run().await,
            What::Import(import) => import.run().await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
