//! Schema changes, one file a change, for SQLite and PostgreSQL alike.
//!
//! The files are SQL with placeholders for the few types and words that differ; see [`dialect`].

mod dialect;

use sea_orm_migration::MigrationTrait;
pub use sea_orm_migration::MigratorTrait;

/// Runs the changes in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        macro_rules! changes {
            ($($name:literal),+ $(,)?) => {
                vec![$(Box::new(dialect::SqlChange {
                    name: $name,
                    up: include_str!(concat!("sql/", $name, ".up.sql")),
                    down: include_str!(concat!("sql/", $name, ".down.sql")),
                })),+]
            };
        }
        changes![
            "0001_identity",
            "0002_organisation",
            "0003_catalogue",
            "0004_warehouses",
            "0005_assets",
            "0006_listings",
            "0007_approvals",
            "0008_requests",
            "0009_transfers",
            "0010_savings",
            "0011_photos",
            "0012_events",
            "0013_audit",
            "0014_jobs",
            "0015_append_only",
            "0016_rule_book",
            "0017_demo",
            "0018_deliveries",
            "0019_approval_rule_sets",
            "0020_quotas",
            "0021_imports",
            "0022_loans",
            "0023_plans",
            "0024_kits",
            "0025_awards",
            "0026_successions",
            "0028_audience",
            "0029_upkeep",
            "0030_inbox",
            "0032_disposals",
        ]
    }
}
