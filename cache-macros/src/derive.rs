//! `#[derive(CacheKey)]`: how a type of the user's becomes part of a key.

use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::suggest::did_you_mean;
use crate::shared::tokens::text_of;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DataEnum, DeriveInput, Field, Fields, Member, Path, parse_quote};

pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input = match syn::parse2::<DeriveInput>(tokens) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    match collect(|errors| expand(&input, errors)) {
        Collected::Good(code) => code,
        Collected::Mistaken { report, .. } => report,
    }
}

fn expand(input: &DeriveInput, errors: &mut Errors) -> TokenStream {
    let krate = options(&input.attrs, Place::Type, errors).krate;
    let krate = krate.unwrap_or_else(|| parse_quote!(::cache_runtime));
    let body = match &input.data {
        Data::Struct(data) => structure(&data.fields, errors),
        Data::Enum(data) => enumeration(data, errors),
        Data::Union(data) => {
            errors.on(
                data.union_token,
                "a union does not say which of its fields holds a value: implement `CacheKey` by \
                 hand, or use an enum",
            );
            TokenStream::new()
        }
    };
    let mut generics = input.generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#krate::CacheKey));
    }
    let (params, arguments, where_clause) = generics.split_for_impl();
    let ident = &input.ident;
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #params #krate::CacheKey for #ident #arguments #where_clause {
            fn write_key(&self, __key: &mut #krate::KeyWriter<'_>) {
                #body
            }
        }
    }
}

/// One field is the value itself, so that `struct UserId(u64)` has the keys of `u64`.
fn structure(fields: &Fields, errors: &mut Errors) -> TokenStream {
    let kept = kept(fields, errors);
    let key = quote_spanned!(Span::mixed_site()=> __key);
    let items = kept
        .iter()
        .map(|(member, field)| quote_spanned!(at_type(field)=> #key.item(&self.#member);));
    match kept.as_slice() {
        [(member, field)] => quote_spanned!(at_type(field)=> #key.argument(&self.#member);),
        _ => quote_spanned! {Span::mixed_site()=>
            __key.begin_tuple();
            #(#items)*
            __key.end_tuple();
        },
    }
}

/// The name tells variants apart.
fn enumeration(data: &DataEnum, errors: &mut Errors) -> TokenStream {
    let mut arms = Vec::new();
    for variant in &data.variants {
        options(&variant.attrs, Place::Variant, errors);
        arms.push(arm(&variant.ident, &variant.fields, errors));
    }
    if arms.is_empty() {
        quote_spanned!(Span::mixed_site()=> match *self {})
    } else {
        quote_spanned!(Span::mixed_site()=> match self { #(#arms)* })
    }
}

fn arm(ident: &syn::Ident, fields: &Fields, errors: &mut Errors) -> TokenStream {
    let kept = kept(fields, errors);
    let key = quote_spanned!(Span::mixed_site()=> __key);
    let name = text_of(ident);
    let bound: Vec<_> =
        (0..kept.len()).map(|at| format_ident!("__field{at}", span = Span::mixed_site())).collect();
    let members = kept.iter().map(|(member, _)| member);
    let items = kept
        .iter()
        .zip(&bound)
        .map(|((_, field), bound)| quote_spanned!(at_type(field)=> #key.item(#bound);));
    let tuple = (!kept.is_empty()).then(|| {
        quote_spanned! {Span::mixed_site()=>
            __key.begin_tuple();
            #(#items)*
            __key.end_tuple();
        }
    });
    quote_spanned! {Span::mixed_site()=>
        Self::#ident { #(#members: #bound,)* .. } => {
            __key.variant(#name);
            #tuple
        }
    }
}

fn at_type(field: &Field) -> Span {
    Span::mixed_site().located_at(field.ty.span())
}

/// The fields that take part.
fn kept<'f>(fields: &'f Fields, errors: &mut Errors) -> Vec<(Member, &'f Field)> {
    let mut kept = Vec::new();
    for (member, field) in fields.members().zip(fields) {
        if !options(&field.attrs, Place::Field, errors).skip {
            kept.push((member, field));
        }
    }
    kept
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Type,
    Variant,
    Field,
}

#[derive(Debug, Default)]
struct Options {
    krate: Option<Path>,
    skip: bool,
}

fn options(attrs: &[Attribute], place: Place, errors: &mut Errors) -> Options {
    let mut found = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cache_key")) {
        let result = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") && place == Place::Field {
                found.skip = true;
                return Ok(());
            }
            if meta.path.is_ident("crate") && place == Place::Type {
                let value = meta.value()?;
                let path = value.call(Path::parse_mod_style);
                found.krate = Some(path.map_err(|error| {
                    let help = "`crate` is the path of the runtime, without quotes: write \
                                `#[cache_key(crate = my_crate::cache_runtime)]`";
                    syn::Error::new(error.span(), help)
                })?);
                return Ok(());
            }
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let belongs = match name.as_str() {
                "skip" => "; `skip` stands on a field".to_owned(),
                "crate" => "; `crate = path` stands on the type".to_owned(),
                _ => did_you_mean(&name, ["skip", "crate"]),
            };
            Err(meta.error(match place {
                Place::Field => format!("expected `#[cache_key(skip)]` on a field{belongs}"),
                Place::Type => format!("expected `#[cache_key(crate = path)]` on a type{belongs}"),
                Place::Variant => format!("a variant has no options{belongs}"),
            }))
        });
        if let Err(error) = result {
            errors.push(error);
        }
    }
    found
}
