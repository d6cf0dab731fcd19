//! The fields of the index, and how a listing fills them. Nothing is stored: a hit is an id and a version.

use tantivy::TantivyDocument;
use tantivy::schema::{
    BytesOptions, FAST, Field, INDEXED, IndexRecordOption, Schema, SchemaBuilder, Term, TextFieldIndexing,
    TextOptions,
};
use uuid::Uuid;

use super::analysis::{self, GRAMS, WORDS};
use crate::document::{LISTED, ListingDocument};

/// Raised whenever the fields, their analysis or their meaning change: an index of another format is rebuilt.
pub(super) const FORMAT: u32 = 2;

/// Names of the columns that are read by name.
pub(super) mod column {
    pub const ID_HIGH: &str = "id_high";
    pub const ID_LOW: &str = "id_low";
    pub const VERSION: &str = "version";
    pub const CONTENT: &str = "content";
    pub const REMOVED: &str = "removed";
    pub const LISTED_AT: &str = "listed_at";
    pub const VALUE: &str = "value";
}

/// Values of [`Fields::flags`].
pub(super) mod flag {
    /// Not a tombstone.
    pub const LIVE: &str = "live";
    /// Listed, not restricted, for everyone.
    pub const OPEN: &str = "open";
    /// Kept in some warehouse.
    pub const STORED: &str = "stored";
    /// Some piece can be asked for.
    pub const AVAILABLE: &str = "available";
}

/// One source of text: its words and its characters.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextFields {
    pub words: Field,
    pub grams: Field,
}

/// The fields, by what they hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    pub id: Field,
    id_high: Field,
    id_low: Field,
    version: Field,
    content: Field,
    /// 1 on a tombstone, which keeps the version of what was removed until the next rebuild.
    removed: Field,
    pub flags: Field,
    pub name: TextFields,
    /// Brand and model.
    pub make: TextFields,
    pub description: TextFields,
    /// Model, serial and asset number, without spaces and hyphens.
    pub codes: Field,
    pub categories: Field,
    pub regions: Field,
    pub unit: Field,
    pub warehouse: Field,
    /// The units that see a listing because it is directed to them; empty unless listed and not restricted.
    pub directed: Field,
    pub kind: Field,
    pub custody: Field,
    pub condition: Field,
    pub state: Field,
    pub value: Field,
    listed_at: Field,
}

/// The schema, and the handles into it.
pub(super) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let exact = || {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing)
    };
    let text = |builder: &mut SchemaBuilder, name: &str| {
        let mut field = |suffix: &str, tokenizer: &str| {
            // No positions: phrases are only wanted to break ties, and pairs of characters do that cheaper.
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokenizer)
                .set_index_option(IndexRecordOption::WithFreqs);
            builder.add_text_field(
                &format!("{name}_{suffix}"),
                TextOptions::default().set_indexing_options(indexing),
            )
        };
        TextFields { words: field("words", WORDS), grams: field("grams", GRAMS) }
    };
    let id_of = || BytesOptions::from(INDEXED);
    let fields = Fields {
        id: builder.add_bytes_field("id", id_of()),
        // The id again as two numbers: random access in a column, for reading hits and breaking ties.
        id_high: builder.add_u64_field(column::ID_HIGH, FAST),
        id_low: builder.add_u64_field(column::ID_LOW, FAST),
        version: builder.add_i64_field(column::VERSION, FAST),
        content: builder.add_u64_field(column::CONTENT, FAST),
        removed: builder.add_u64_field(column::REMOVED, FAST),
        flags: builder.add_text_field("flags", exact()),
        name: text(&mut builder, "name"),
        make: text(&mut builder, "make"),
        description: text(&mut builder, "description"),
        codes: builder.add_text_field("codes", exact()),
        categories: builder.add_bytes_field("categories", id_of()),
        regions: builder.add_bytes_field("regions", id_of()),
        unit: builder.add_bytes_field("unit", id_of()),
        warehouse: builder.add_bytes_field("warehouse", id_of()),
        directed: builder.add_bytes_field("directed", id_of()),
        kind: builder.add_text_field("kind", exact()),
        custody: builder.add_text_field("custody", exact()),
        condition: builder.add_text_field("condition", exact()),
        state: builder.add_text_field("state", exact()),
        value: builder.add_i64_field(column::VALUE, FAST),
        listed_at: builder.add_i64_field(column::LISTED_AT, FAST),
    };
    (builder.build(), fields)
}

impl Fields {
    /// The term that names one listing.
    pub fn id_term(&self, id: Uuid) -> Term {
        Term::from_field_bytes(self.id, id.as_bytes())
    }

    /// The fields that hold the same kind of terms as a text field; none for others.
    pub fn alike(&self, field: Field) -> Vec<Field> {
        let sources = [self.name, self.make, self.description];
        let (words, grams) = (sources.map(|source| source.words), sources.map(|source| source.grams));
        [words, grams].into_iter().find(|fields| fields.contains(&field)).map(Vec::from).unwrap_or_default()
    }

    /// A listing as the engine takes it.
    pub fn document(&self, listing: &ListingDocument) -> TantivyDocument {
        let mut document = self.bare(listing.id, listing.version, false);
        document.add_u64(self.content, listing.content());
        document.add_text(self.flags, flag::LIVE);
        if listing.warehouse.is_some() {
            document.add_text(self.flags, flag::STORED);
        }
        if listing.available > 0 {
            document.add_text(self.flags, flag::AVAILABLE);
        }
        // What the rights need is decided here, once, and not by every search.
        if listing.state == LISTED && !listing.restricted {
            if listing.audience.is_empty() {
                document.add_text(self.flags, flag::OPEN);
            }
            self.add_ids(&mut document, self.directed, &listing.audience);
        }
        for (fields, text) in [
            (self.name, &listing.name),
            (self.make, &listing.brand),
            (self.make, &listing.model),
            (self.description, &listing.description),
        ] {
            document.add_text(fields.words, text);
            document.add_text(fields.grams, text);
        }
        for text in [Some(&listing.model), listing.serial.as_ref(), listing.asset_number.as_ref()]
            .into_iter()
            .flatten()
        {
            let code = analysis::code(&analysis::fold(text));
            if !code.is_empty() {
                document.add_text(self.codes, code);
            }
        }
        self.add_ids(&mut document, self.categories, &listing.category_path);
        self.add_ids(&mut document, self.regions, &listing.regions);
        self.add_ids(&mut document, self.unit, &[listing.unit]);
        self.add_ids(&mut document, self.warehouse, listing.warehouse.as_slice());
        document.add_text(self.kind, &listing.kind);
        document.add_text(self.custody, &listing.custody);
        document.add_text(self.condition, &listing.condition);
        document.add_text(self.state, &listing.state);
        document.add_i64(self.value, listing.value_minor);
        document.add_i64(self.listed_at, listing.listed_at.timestamp_micros());
        document
    }

    /// What stays of a listing that was removed: its version, and nothing that any search finds.
    pub fn tombstone(&self, id: Uuid, version: i64) -> TantivyDocument {
        self.bare(id, version, true)
    }

    fn bare(&self, id: Uuid, version: i64, removed: bool) -> TantivyDocument {
        let (high, low) = id.as_u64_pair();
        let mut document = TantivyDocument::new();
        document.add_bytes(self.id, id.as_bytes());
        document.add_u64(self.id_high, high);
        document.add_u64(self.id_low, low);
        document.add_i64(self.version, version);
        document.add_u64(self.removed, u64::from(removed));
        document
    }

    fn add_ids(&self, document: &mut TantivyDocument, field: Field, ids: &[Uuid]) {
        for id in ids {
            document.add_bytes(field, id.as_bytes());
        }
    }
}
