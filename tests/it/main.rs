//! Black-box tests against the really started service, on SQLite and again on PostgreSQL.
//!
//! A test that cannot run here is listed by name as ignored, with the reason in its name; `REQUIRE_POSTGRES=1` makes
//! it fail instead.

mod audience;
mod awards;
mod bad_input;
mod books;
mod chain;
mod cities;
mod crash;
mod deliveries;
mod disposals;
mod exports;
mod frame;
mod imports;
mod kits;
mod lists;
mod loans;
mod log;
mod photos;
mod plans;
mod quotas;
mod races;
mod real_input;
mod rights;
mod s3;
mod spec;
mod stories;
mod structure;
mod successions;
mod upkeep;

use libtest_mimic::Arguments;
use tests::Registry;

fn main() -> std::process::ExitCode {
    // The same binary is the server of tests that kill it: the command line runs in a child of ours.
    if let Some(code) = tests::child::command_line() {
        return code;
    }
    // What the service says of its own faults, beside the test that met them.
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments = Arguments::from_args();
    let mut registry = Registry::open();
    frame::register(&mut registry);
    log::register(&mut registry);
    lists::register(&mut registry);
    chain::register(&mut registry);
    cities::register(&mut registry);
    real_input::register(&mut registry);
    races::register(&mut registry);
    loans::register(&mut registry);
    plans::register(&mut registry);
    awards::register(&mut registry);
    audience::register(&mut registry);
    stories::register(&mut registry);
    crash::register(&mut registry);
    deliveries::register(&mut registry);
    imports::register(&mut registry);
    disposals::register(&mut registry);
    exports::register(&mut registry);
    rights::register(&mut registry);
    bad_input::register(&mut registry);
    photos::register(&mut registry);
    quotas::register(&mut registry);
    kits::register(&mut registry);
    upkeep::register(&mut registry);
    s3::register(&mut registry);
    books::register(&mut registry);
    spec::register(&mut registry);
    structure::register(&mut registry);
    successions::register(&mut registry);
    let conclusion = libtest_mimic::run(&arguments, registry.into_trials());
    conclusion.exit_code()
}
