//! The `impl` beside a trait's: what it is of, and what has to be told it that the trait's knows.

use crate::cached::expand::signature::kept_generics;
use crate::shared::errors::Errors;
use crate::shared::item::Item;
use crate::shared::tokens::{bare_type, tidy};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, GenericParam, Generics, ImplItem, ItemImpl, PathArguments, Type, parse_quote,
};

/// Types that people implement traits for and that are not theirs. A name cannot tell; what is not in
/// here the compiler finds.
const FOREIGN: &[&str] = &["Arc", "Box", "Cow", "Mutex", "Option", "Pin", "Rc", "RwLock", "Vec"];

/// Companions on their way into an `impl` of their type.
pub(super) struct Beside {
    attrs: Vec<Attribute>,
    generics: Generics,
    ty: Type,
    associated: Associated,
    companions: TokenStream,
}

impl Beside {
    pub(super) fn of(block: &ItemImpl) -> Self {
        let attrs = block.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
        let types = block.items.iter().filter_map(|item| match item {
            ImplItem::Type(ty) if ty.generics.params.is_empty() => {
                Some((ty.ident.clone(), ty.ty.clone()))
            }
            _ => None,
        });
        Self {
            attrs: attrs.cloned().collect(),
            generics: block.generics.clone(),
            ty: (*block.self_ty).clone(),
            associated: Associated(types.collect()),
            companions: TokenStream::new(),
        }
    }

    /// A method as it reads outside of the trait's `impl`: visible, and without the trait's types.
    pub(super) fn prepared(&mut self, mut item: Item) -> Item {
        // How visible the trait is cannot be seen from here.
        item.vis = parse_quote!(pub);
        self.associated.visit_signature_mut(&mut item.sig);
        item
    }

    pub(super) fn extend(&mut self, companions: TokenStream) {
        self.companions.extend(companions);
    }

    /// The `impl`, if it has to hold anything. `None` where it cannot be written, or where its type does not
    /// tell apart what some key has to: that is an error.
    pub(super) fn written(self, tells_types: bool, errors: &mut Errors) -> Option<TokenStream> {
        let has_companions = !self.companions.is_empty();
        let has_place = !has_companions || self.has_methods_of_its_own(errors);
        let is_told = !(has_companions || tells_types) || self.type_has_all_parameters(errors);
        if !has_place || !is_told {
            return None;
        }
        if !has_companions {
            return Some(TokenStream::new());
        }
        let Self { attrs, generics, ty, companions, .. } = &self;
        let lifetimes = generics.lifetimes().map(|own| &own.lifetime);
        let generics = kept_generics(generics, &quote!(#ty #(#lifetimes)*));
        let (parameters, _, clause) = generics.split_for_impl();
        Some(quote! {
            #(#attrs)*
            impl #parameters #ty #clause { #companions }
        })
    }

    /// Only a type of this crate can have methods that no trait has.
    fn has_methods_of_its_own(&self, errors: &mut Errors) -> bool {
        let ty = &self.ty;
        let may_have = match bare_type(ty) {
            Type::TraitObject(_) => true,
            Type::Path(path) => {
                let is_parameter =
                    |name: &Ident| self.generics.type_params().any(|own| own.ident == *name);
                let is_foreign = path.path.segments.last().is_some_and(|last| {
                    FOREIGN.iter().any(|name| last.ident == name)
                        && matches!(last.arguments, PathArguments::AngleBracketed(_))
                });
                !is_foreign && !path.path.get_ident().is_some_and(is_parameter)
            }
            _ => false,
        };
        if !may_have {
            let name = tidy(&ty.to_token_stream().to_string());
            errors.on(
                ty,
                format!(
                    "`{name}` is not a type of this crate alone, so the companions have no `impl` to \
                     be in: implement the trait for a type of yours, or write \
                     `#[redis_cache(entry = false)]` here and have writers name `keys = [\"…\"]`"
                ),
            );
        }
        may_have
    }

    /// A parameter of the trait alone is in no key, and values of two types would be one entry.
    fn type_has_all_parameters(&self, errors: &mut Errors) -> bool {
        let Self { generics, ty, .. } = self;
        let mut good = true;
        for parameter in &generics.params {
            let name = match parameter {
                GenericParam::Type(parameter) => &parameter.ident,
                GenericParam::Const(constant) => &constant.ident,
                GenericParam::Lifetime(_) => continue,
            };
            if !tells(ty, name) {
                good = false;
                let ty = tidy(&ty.to_token_stream().to_string());
                errors.at(
                    name.span(),
                    format!(
                        "`{name}` is a parameter of the trait and not of `{ty}`, so no key can name \
                         it, and calls that differ in it would share one entry: implement the trait \
                         for one type, or give `{ty}` the parameter (or write `skip(Self)` and `entry = \
                         false` on each method, if they may)"
                    ),
                );
            }
        }
        good
    }
}

/// Whether types that differ in a parameter differ: it stands there itself. Of `T::Out` it does not, which
/// may be the same of two `T`.
fn tells(ty: &Type, parameter: &Ident) -> bool {
    struct Found<'p> {
        parameter: &'p Ident,
        there: bool,
    }
    impl Visit<'_> for Found<'_> {
        fn visit_type_path(&mut self, path: &syn::TypePath) {
            self.there |= path.qself.is_none() && path.path.is_ident(self.parameter);
            if path.qself.is_none() {
                visit::visit_type_path(self, path);
            }
        }
        fn visit_expr_path(&mut self, path: &syn::ExprPath) {
            self.there |= path.path.is_ident(self.parameter);
        }
    }
    let mut found = Found { parameter, there: false };
    found.visit_type(ty);
    found.there
}

/// `Self::Error` of a trait is what its `impl` says.
struct Associated(Vec<(Ident, Type)>);

impl VisitMut for Associated {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && let [of, name] = &*path.path.segments.iter().collect::<Vec<_>>()
            && of.ident == "Self"
            && let Some((_, known)) = self.0.iter().find(|(own, _)| *own == name.ident)
        {
            *ty = known.clone();
        }
        visit_mut::visit_type_mut(self, ty);
    }
}
