//! [`IpRegistration`]: any of the registrations, for lists that mix them.

use async_trait::async_trait;
use lore_core::{Result, Violations, port::transactions::OperationKey};

use crate::{
    addresses::Addresses,
    operation::{Draft, Operation},
    ops::registration::{
        MintAndRegister, MintAndRegisterDerivative, MintAndRegisterDerivativeWithTokens,
        MintAndRegisterWithTerms, MintRegisterDerivativeAndDistribute, MintRegisterTermsAndDistribute,
        RegisterNft, RegisterNftAsDerivative, RegisterNftAsDerivativeWithTokens,
        RegisterNftDerivativeAndDeployVault, RegisterNftTermsAndDeployVault, RegisterNftWithMetadata,
        RegisterNftWithTerms, RegisteredIp,
        shape::{Registers, Shape},
    },
    receipt::Receipt,
    view::View,
};

macro_rules! any {
    ($($operation:ident,)+) => {
        /// Any of the registrations.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each variant is the operation of that name")]
        pub enum IpRegistration {
            RegisterNft(RegisterNft),
            $($operation(Box<$operation>),)+
        }

        impl From<RegisterNft> for IpRegistration {
            fn from(operation: RegisterNft) -> Self {
                Self::RegisterNft(operation)
            }
        }

        $(impl From<$operation> for IpRegistration {
            fn from(operation: $operation) -> Self {
                Self::$operation(Box::new(operation))
            }
        })+

        impl IpRegistration {
            /// Its shape, if a workflow does it.
            pub(crate) fn shape(&self) -> Option<Shape<'_>> {
                match self {
                    Self::RegisterNft(_) => None,
                    $(Self::$operation(operation) => Some(operation.shape()),)+
                }
            }
        }

        #[cfg_attr(not(target_family = "wasm"), async_trait)]
        #[cfg_attr(target_family = "wasm", async_trait(?Send))]
        impl Operation for IpRegistration {
            type Output = RegisteredIp;

            fn name(&self) -> &'static str {
                match self {
                    Self::RegisterNft(operation) => operation.name(),
                    $(Self::$operation(operation) => operation.name(),)+
                }
            }

            fn key(&self) -> Option<OperationKey> {
                match self {
                    Self::RegisterNft(operation) => operation.key(),
                    $(Self::$operation(operation) => operation.key(),)+
                }
            }

            fn check(&self, violations: &mut Violations) {
                match self {
                    Self::RegisterNft(operation) => operation.check(violations),
                    $(Self::$operation(operation) => operation.check(violations),)+
                }
            }

            async fn existing(&self, view: &View<'_>) -> Result<Option<RegisteredIp>> {
                match self {
                    Self::RegisterNft(operation) => operation.existing(view).await,
                    $(Self::$operation(operation) => operation.existing(view).await,)+
                }
            }

            async fn draft(&self, view: &View<'_>) -> Result<Draft> {
                match self {
                    Self::RegisterNft(operation) => operation.draft(view).await,
                    $(Self::$operation(operation) => operation.draft(view).await,)+
                }
            }

            fn output(&self, receipt: &Receipt, addresses: &Addresses) -> Result<RegisteredIp> {
                match self {
                    Self::RegisterNft(operation) => operation.output(receipt, addresses),
                    $(Self::$operation(operation) => operation.output(receipt, addresses),)+
                }
            }
        }
    };
}

any! {
    MintAndRegister,
    MintAndRegisterWithTerms,
    MintAndRegisterDerivative,
    MintAndRegisterDerivativeWithTokens,
    MintRegisterTermsAndDistribute,
    MintRegisterDerivativeAndDistribute,
    RegisterNftWithMetadata,
    RegisterNftWithTerms,
    RegisterNftAsDerivative,
    RegisterNftAsDerivativeWithTokens,
    RegisterNftTermsAndDeployVault,
    RegisterNftDerivativeAndDeployVault,
}
