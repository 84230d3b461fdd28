//! `#[derive(CacheKey)]`: how a type of the user's becomes part of a key.

use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::suggest::did_you_mean;
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Field, Fields, Generics, Member, Path, Token, Variant,
    parse_quote,
};

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
    let (body, kept) = match &input.data {
        Data::Struct(data) => {
            let kept = kept(&data.fields, errors);
            (structure(&kept), kept)
        }
        Data::Enum(data) => {
            let kept: Vec<_> =
                data.variants.iter().map(|variant| kept_of_variant(variant, errors)).collect();
            (enumeration(data, &kept), kept.into_iter().flatten().collect())
        }
        Data::Union(data) => {
            errors.on(
                data.union_token,
                "a union does not say which of its fields holds a value: implement `CacheKey` by \
                 hand, or use an enum",
            );
            (TokenStream::new(), Vec::new())
        }
    };
    let generics = bounded(&input.generics, &kept, &krate);
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

/// The parameters with the bounds that writing needs: to be a key, unless only displayed fields are
/// made of it.
fn bounded(generics: &Generics, kept: &[Kept<'_>], krate: &Path) -> Generics {
    let mut bounded = generics.clone();
    for param in bounded.type_params_mut() {
        let uses = |kept: &&Kept<'_>| mentions(&kept.field.ty, &|name| param.ident == name);
        let (displayed, in_key): (Vec<_>, Vec<_>) =
            kept.iter().filter(uses).partition(|kept| kept.display);
        if displayed.is_empty() || !in_key.is_empty() {
            param.bounds.push(parse_quote!(#krate::CacheKey));
        }
    }
    let is_param = |name: &str| generics.type_params().any(|param| param.ident == name);
    for kept in kept.iter().filter(|kept| kept.display) {
        let ty = &kept.field.ty;
        if mentions(ty, &is_param) {
            bounded.make_where_clause().predicates.push(parse_quote!(#ty: ::core::fmt::Display));
        }
    }
    bounded
}

/// A field that takes part.
struct Kept<'f> {
    member: Member,
    field: &'f Field,
    /// Whether it is written by its `Display`.
    display: bool,
}

impl Kept<'_> {
    /// The field's place with our hygiene, so that one that is no key is an error there.
    fn span(&self) -> Span {
        Span::mixed_site().located_at(self.field.ty.span())
    }

    /// The method that writes it, alone or as one item of several.
    fn method(&self, is_alone: bool) -> Ident {
        let name = match (is_alone, self.display) {
            (true, false) => "argument",
            (true, true) => "display",
            (false, false) => "item",
            (false, true) => "display_item",
        };
        Ident::new(name, self.span())
    }
}

fn kept<'f>(fields: &'f Fields, errors: &mut Errors) -> Vec<Kept<'f>> {
    let mut kept = Vec::new();
    for (member, field) in fields.members().zip(fields) {
        let Options { skip, display, .. } = options(&field.attrs, Place::Field, errors);
        if skip && display {
            errors.on(
                field,
                "`skip` leaves the field out of the key, and `display` writes it: remove one of \
                 them",
            );
        }
        if !skip {
            kept.push(Kept { member, field, display });
        }
    }
    kept
}

fn kept_of_variant<'f>(variant: &'f Variant, errors: &mut Errors) -> Vec<Kept<'f>> {
    options(&variant.attrs, Place::Variant, errors);
    kept(&variant.fields, errors)
}

/// One field is the value itself, so that `struct UserId(u64)` has the keys of `u64`.
fn structure(kept: &[Kept<'_>]) -> TokenStream {
    let key = quote_spanned!(Span::mixed_site()=> __key);
    let write = |kept: &Kept<'_>, is_alone: bool| {
        let (member, method) = (&kept.member, kept.method(is_alone));
        quote_spanned!(kept.span()=> #key.#method(&self.#member);)
    };
    if let [only] = kept {
        return write(only, true);
    }
    let items = kept.iter().map(|kept| write(kept, false));
    quote_spanned! {Span::mixed_site()=>
        __key.begin_tuple();
        #(#items)*
        __key.end_tuple();
    }
}

/// The name tells variants apart.
fn enumeration(data: &DataEnum, kept: &[Vec<Kept<'_>>]) -> TokenStream {
    let variants = data.variants.iter().zip(kept);
    let arms: Vec<_> = variants.map(|(variant, kept)| arm(&variant.ident, kept)).collect();
    if arms.is_empty() {
        quote_spanned!(Span::mixed_site()=> match *self {})
    } else {
        quote_spanned!(Span::mixed_site()=> match self { #(#arms)* })
    }
}

fn arm(ident: &Ident, kept: &[Kept<'_>]) -> TokenStream {
    let key = quote_spanned!(Span::mixed_site()=> __key);
    let name = text_of(ident);
    let bound: Vec<_> =
        (0..kept.len()).map(|at| format_ident!("__field{at}", span = Span::mixed_site())).collect();
    let members = kept.iter().map(|kept| &kept.member);
    let items = kept.iter().zip(&bound).map(|(kept, bound)| {
        let method = kept.method(false);
        quote_spanned!(kept.span()=> #key.#method(#bound);)
    });
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
    display: bool,
}

fn options(attrs: &[Attribute], place: Place, errors: &mut Errors) -> Options {
    let mut found = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cache_key")) {
        let result = attr.parse_nested_meta(|meta| {
            if place == Place::Field {
                let flags = [("skip", &mut found.skip), ("display", &mut found.display)];
                for (name, flag) in flags {
                    if meta.path.is_ident(name) {
                        *flag = true;
                        return is_bare(&meta, name);
                    }
                }
            }
            if meta.path.is_ident("crate") && place == Place::Type {
                found.krate = Some(path_of_runtime(&meta)?);
                return Ok(());
            }
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            let belongs = match name.as_str() {
                "skip" | "display" => format!("; `{name}` stands on a field"),
                "crate" => "; `crate = path` stands on the type".to_owned(),
                _ => did_you_mean(&name, ["skip", "display", "crate"]),
            };
            Err(meta.error(match place {
                Place::Field => format!(
                    "expected `#[cache_key(skip)]` or `#[cache_key(display)]` on a field{belongs}"
                ),
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

/// An option without a value.
fn is_bare(meta: &ParseNestedMeta<'_>, name: &str) -> syn::Result<()> {
    if meta.input.is_empty() || meta.input.peek(Token![,]) {
        return Ok(());
    }
    let message = format!("`{name}` has no value: write `#[cache_key({name})]`");
    Err(syn::Error::new_spanned(&meta.path, message))
}

fn path_of_runtime(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let path = meta.value().and_then(|value| value.call(Path::parse_mod_style));
    path.map_err(|error| {
        let help = "`crate` is the path of the runtime, without quotes: write \
                    `#[cache_key(crate = my_crate::cache_runtime)]`";
        syn::Error::new(error.span(), help)
    })
}
