//! What every attribute of a function does: parse, model, check, expand.

use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::item::Item;
use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

/// One attribute, such as `#[redis_cache]`.
pub(crate) trait Attribute {
    /// Its options as written, each read by itself.
    type Options;
    /// What is known once the options and the function have been looked at together.
    type Model;

    /// `redis_cache`.
    fn name(&self) -> &'static str;

    /// What a method without a body cannot do.
    fn bodiless(&self) -> &'static str;

    /// Which of the functions inside of an `impl` the attribute belongs on.
    fn inside(&self) -> &'static str;

    fn parse(&self, tokens: TokenStream, errors: &mut Errors) -> Self::Options;

    /// Makes the model and checks the rules. Where a rule is broken there is an error, and there
    /// may be a model all the same, for [`stand_in`](Self::stand_in).
    fn model(
        &self,
        options: Self::Options,
        item: &Item,
        errors: &mut Errors,
    ) -> Option<Self::Model>;

    fn expand(&self, item: &Item, model: &Self::Model) -> TokenStream;

    /// What is written beside the untouched function when there are errors, so that what uses the
    /// expansion is no further error.
    fn stand_in(&self, _item: &Item, _model: &Self::Model) -> TokenStream {
        TokenStream::new()
    }
}

/// Expands `attribute`. With a mistake the function stays as it was, so that nothing else is an
/// error because of it.
pub(crate) fn run(
    attribute: &impl Attribute,
    options: TokenStream,
    tokens: TokenStream,
) -> TokenStream {
    let collected = collect(|errors| {
        let options = attribute.parse(options, errors);
        let Ok(item) = syn::parse2::<Item>(tokens.clone()) else {
            errors.push(not_a_function(attribute, &tokens));
            return None;
        };
        let model = attribute.model(options, &item, errors)?;
        Some((item, model))
    });
    match collected {
        Collected::Good(Some((item, model))) => attribute.expand(&item, &model),
        Collected::Good(None) => {
            let message = format!(
                "`#[{}]` refuses this function and does not say why: please report this",
                attribute.name()
            );
            let report = quote_spanned!(Span::call_site()=> ::core::compile_error!(#message););
            [report, tokens].into_iter().collect()
        }
        Collected::Mistaken { found, report } => {
            let stand_in = found.map(|(item, model)| attribute.stand_in(&item, &model));
            [report, tokens, stand_in.unwrap_or_default()].into_iter().collect()
        }
    }
}

/// Why something that is no [`Item`] cannot have the attribute.
fn not_a_function(attribute: &impl Attribute, tokens: &TokenStream) -> syn::Error {
    let (name, bodiless, inside) = (attribute.name(), attribute.bodiless(), attribute.inside());
    if let Ok(declared) = syn::parse2::<syn::TraitItemFn>(tokens.clone()) {
        // In a block of foreign functions there is neither.
        let is_method = declared.sig.receiver().is_some() || declared.sig.asyncness.is_some();
        let message = if is_method {
            format!(
                "a method without a body {bodiless}: put `#[{name}]` on the method of each `impl`"
            )
        } else {
            format!(
                "a function without a body {bodiless}: put `#[{name}]` on the method of each `impl`, or on a \
                 function that calls the foreign one"
            )
        };
        return syn::Error::new_spanned(declared.sig, message);
    }
    let message = match syn::parse2::<syn::Item>(tokens.clone()) {
        Ok(syn::Item::Impl(_) | syn::Item::Trait(_) | syn::Item::Mod(_)) => {
            format!("`#[{name}]` is for functions: put it on each function inside that {inside}")
        }
        _ => format!("`#[{name}]` is for functions and methods: put it on one"),
    };
    syn::Error::new_spanned(tokens, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;
    use syn::parse_quote;

    /// Refuses where the options say so, with a reason or without one.
    struct Refusing;

    impl Attribute for Refusing {
        type Options = String;
        type Model = String;

        fn name(&self) -> &'static str {
            "refusing"
        }

        fn bodiless(&self) -> &'static str {
            "is refused"
        }

        fn inside(&self) -> &'static str {
            "is refused"
        }

        fn parse(&self, tokens: TokenStream, _: &mut Errors) -> String {
            tokens.to_string()
        }

        fn model(&self, options: String, item: &Item, errors: &mut Errors) -> Option<String> {
            if options.contains("reason") {
                errors.on(&item.sig.ident, "first");
                errors.on(&item.sig.ident, "second");
            }
            Some(options).filter(|options| !options.contains("silent"))
        }

        fn expand(&self, _: &Item, model: &String) -> TokenStream {
            quote!(const EXPANDED: &str = #model;)
        }

        fn stand_in(&self, _: &Item, _: &String) -> TokenStream {
            quote!(
                const STAND_IN: () = ();
            )
        }
    }

    fn expanded(options: &str) -> String {
        let function = parse_quote!(
            async fn f() -> u64 {
                1
            }
        );
        run(&Refusing, options.parse().unwrap(), function).to_string()
    }

    #[test]
    fn without_a_mistake_there_is_the_expansion_alone() {
        assert_eq!(
            expanded("fine"),
            quote!(
                const EXPANDED: &str = "fine";
            )
            .to_string()
        );
    }

    #[test]
    fn every_mistake_is_reported_beside_the_function_and_what_stands_in() {
        let text = expanded("reason");
        for part in ["first", "second", "async fn f", "STAND_IN"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_refusal_without_a_reason_is_an_error() {
        let text = expanded("silent");
        assert!(text.contains("compile_error") && text.contains("async fn f"), "{text}");
    }
}
