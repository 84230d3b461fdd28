//! The value of `codec`.

use crate::shared::option::ValueParser;
use syn::parse::{Parse, ParseStream};
use syn::{LitStr, Token, Type};

/// A type, not a value of it.
pub(super) fn codec(parser: &mut ValueParser<'_>) -> syn::Result<Type> {
    let what = "a type, such as `Json`, `MessagePack` or `Postcard`, without quotes or parentheses";
    let written = parser.input.fork();
    let codec = parser.value(Type::parse, Some(what));
    let codec = codec.map_err(|error| codec_by_name(&written).unwrap_or(error))?;
    let ValueParser { name, example, input, .. } = parser;
    if input.peek(syn::token::Paren) {
        return Err(input.error(format!("`{name}` is {what}: write `{example}`")));
    }
    Ok(codec)
}

/// What is said of the name of a format in quotes: the codec that is meant, and what it needs.
fn codec_by_name(written: ParseStream<'_>) -> Option<syn::Error> {
    written.parse::<Token![=]>().ok()?;
    let name: LitStr = written.parse().ok()?;
    let letters = name.value().to_lowercase().replace(['_', '-'], "");
    let (codec, needs) = match &*letters {
        "json" => ("Json", ", or nothing, since it is the one without this option"),
        "msgpack" | "messagepack" | "rmp" => {
            ("MessagePack", ", with the feature `msgpack` of `cache-runtime`")
        }
        "postcard" => ("Postcard, version = 1", ", with the feature `postcard` of `cache-runtime`"),
        _ => return None,
    };
    let message = format!("`codec` is a type, without quotes: write `codec = {codec}`{needs}");
    Some(syn::Error::new(name.span(), message))
}
