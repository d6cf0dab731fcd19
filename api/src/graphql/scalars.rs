//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// An amount in minor units (fen) of the instance's currency, as a decimal string of an integer: `"450000"` is
/// ¥4,500.00. A string, because clients read JSON numbers as floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money(pub entity::Money);

#[Scalar(name = "Money")]
impl ScalarType for Money {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                let amount = text.parse().map_err(|_| {
                    InputValueError::custom("expected whole minor units as a string, such as \"450000\"")
                })?;
                Ok(Self(entity::Money(amount)))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.0.to_string())
    }
}

impl From<entity::Money> for Money {
    fn from(money: entity::Money) -> Self {
        Self(money)
    }
}
