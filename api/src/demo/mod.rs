//! The generated city that `demo` loads and that tests and benchmarks start from.

pub mod city;
