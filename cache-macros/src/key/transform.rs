//! What a placeholder may do to its argument: `{email:hash}`.

use crate::shared::suggest::did_you_mean;
use std::time::Duration;

/// How an argument is changed before it becomes part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transform {
    Hash,
    Lower,
    Upper,
    Display,
    Bucket(Duration),
}

const TRANSFORMS: [&str; 5] = ["hash", "lower", "upper", "display", "bucket"];
const TRANSFORMS_HELP: &str = "transforms are `hash`, `lower`, `upper`, `display` and `bucket(1h)`";

/// Reads what stands after the `:` of a placeholder of `path`.
pub(super) fn parse_transform(text: &str, path: &str) -> Result<Transform, String> {
    let (name, argument) = match text.split_once('(') {
        Some((name, argument)) => {
            let argument = argument
                .strip_suffix(')')
                .ok_or_else(|| format!("the `(` of `{name}` is not closed: write `{name}(…)`"))?;
            (name, Some(argument))
        }
        None => (text, None),
    };
    let transform = match name {
        "hash" => Transform::Hash,
        "lower" => Transform::Lower,
        "upper" => Transform::Upper,
        "display" => Transform::Display,
        "bucket" => {
            let width =
                argument.filter(|argument| !argument.trim().is_empty()).ok_or_else(|| {
                    format!("`bucket` needs its width: write `{{{path}:bucket(1h)}}`")
                })?;
            let width = humantime::parse_duration(width.trim()).map_err(|error| {
                format!(
                    "`{width}` is not a duration ({error}): write one such as \
                     `bucket(1h)`, `bucket(5m)` or `bucket(30s)`"
                )
            })?;
            if width < Duration::from_secs(1) || width.subsec_nanos() != 0 {
                return Err(
                    "a bucket is whole seconds wide, and at least one: write `bucket(1s)` \
                            or more"
                        .into(),
                );
            }
            return Ok(Transform::Bucket(width));
        }
        "" => return Err(format!("a transform is missing after `:`; {TRANSFORMS_HELP}")),
        text if text.starts_with(['?', '#', '<', '>', '^', '0', 'x', 'X', '.']) => {
            return Err(format!(
                "`:{text}` is a format specifier, which keys do not have; {TRANSFORMS_HELP}"
            ));
        }
        unknown => {
            let unknown = unknown.trim();
            return Err(format!(
                "unknown transform `{unknown}`; {TRANSFORMS_HELP}{}",
                did_you_mean(unknown, TRANSFORMS),
            ));
        }
    };
    match argument {
        Some(_) => Err(format!("`{name}` takes nothing: write `{{{path}:{name}}}`")),
        None => Ok(transform),
    }
}
