//! States of IP assets, many at once: a few aggregated calls in all, however many IPs are asked about.

use alloy::primitives::{Address as EvmAddress, U256};
use lore_core::{
    Address, ContentHash, Error, ErrorKind, IpId, Result, Share, Timestamp,
    domain::{asset::OnChainLink, license::PilTerms, royalty::RoyaltyPolicy},
    port::chain::{AttachedTerms, IpState, OnChainDocument, ParentState},
};

use crate::{
    addresses::Addresses,
    client::StoryClient,
    contracts::{
        account::IpAccount,
        dispute::DisputeModule,
        licensing::{LicenseRegistry, LicensingConfig, PiLicenseTemplate},
        registry::{CoreMetadataViewModule, IpAssetRegistry},
        royalty::{RoyaltyPolicyLap, RoyaltyPolicyLrp},
    },
    convert,
    ops::answers::{Answers, Questions},
    read::edges::{self, Shares},
};

/// What the first round tells about a registered IP.
struct Basics {
    owner: Address,
    ipa_metadata: Option<OnChainDocument>,
    terms_count: u64,
    parent_count: u64,
    child_count: u64,
    ancestor_count: u64,
    is_tagged: bool,
    expires_at: Option<Timestamp>,
}

/// An IP between the rounds.
struct Partial {
    ip: IpId,
    basics: Basics,
    terms_ids: Vec<U256>,
    parents: Vec<EvmAddress>,
}

impl StoryClient {
    /// What the chain knows of these IPs, in that order; `None` for what is not registered.
    ///
    /// Three aggregated calls in all, split only where they are too large for one. Of the terms, those of
    /// PIL are told.
    ///
    /// # Errors
    /// [`Unavailable`](ErrorKind::Unavailable) if the node does not answer.
    pub async fn ip_states(&self, ips: &[IpId]) -> Result<Vec<Option<IpState>>> {
        let mut found = Vec::with_capacity(ips.len());
        for (ip, basics) in ips.iter().zip(self.basics(ips).await?) {
            found.push(basics.map(|basics| Partial {
                ip: *ip,
                basics,
                terms_ids: Vec::new(),
                parents: Vec::new(),
            }));
        }
        self.read_lists(&mut found).await?;
        self.read_details(found).await
    }

    async fn basics(&self, ips: &[IpId]) -> Result<Vec<Option<Basics>>> {
        let at = self.addresses();
        let mut questions = Questions::default();
        for ip in ips {
            let id = convert::evm_address(ip.address());
            questions.add(at.ip_asset_registry, &IpAssetRegistry::isRegisteredCall { id });
            questions.add(ip.address(), &IpAccount::ownerCall {});
            questions
                .add(at.core_metadata_view_module, &CoreMetadataViewModule::getMetadataURICall { ipId: id });
            questions
                .add(at.core_metadata_view_module, &CoreMetadataViewModule::getMetadataHashCall { ipId: id });
            questions
                .add(at.license_registry, &LicenseRegistry::getAttachedLicenseTermsCountCall { ipId: id });
            questions.add(at.license_registry, &LicenseRegistry::getParentIpCountCall { childIpId: id });
            questions.add(at.license_registry, &LicenseRegistry::getDerivativeIpCountCall { parentIpId: id });
            questions.add(at.license_registry, &LicenseRegistry::getAncestorsCountCall { ipId: id });
            questions.add(at.license_registry, &LicenseRegistry::getExpireTimeCall { ipId: id });
            questions.add(at.dispute_module, &DisputeModule::isIpTaggedCall { ipId: id });
        }
        let mut answers = questions.send(&self.view()).await?;
        ips.iter().map(|_| basics_of_one(&mut answers)).collect()
    }

    /// Which terms and which parents.
    async fn read_lists(&self, found: &mut [Option<Partial>]) -> Result<()> {
        let registry = self.addresses().license_registry;
        let pil = convert::evm_address(self.addresses().pi_license_template);
        let mut questions = Questions::default();
        for partial in found.iter().flatten() {
            let id = convert::evm_address(partial.ip.address());
            for index in 0..partial.basics.terms_count {
                let index = U256::from(index);
                questions.add(registry, &LicenseRegistry::getAttachedLicenseTermsCall { ipId: id, index });
            }
            for index in 0..partial.basics.parent_count {
                let index = U256::from(index);
                questions.add(registry, &LicenseRegistry::getParentIpCall { childIpId: id, index });
            }
        }
        let mut answers = questions.send(&self.view()).await?;
        for partial in found.iter_mut().flatten() {
            for _ in 0..partial.basics.terms_count {
                let terms = answers.must::<LicenseRegistry::getAttachedLicenseTermsCall>()?;
                // The number of another template's terms says nothing about PIL's.
                if terms.licenseTemplate == pil {
                    partial.terms_ids.push(terms.licenseTermsId);
                }
            }
            for _ in 0..partial.basics.parent_count {
                partial.parents.push(answers.must::<LicenseRegistry::getParentIpCall>()?);
            }
        }
        Ok(())
    }

    /// The terms themselves, and what each link costs.
    async fn read_details(&self, found: Vec<Option<Partial>>) -> Result<Vec<Option<IpState>>> {
        let mut questions = Questions::default();
        for partial in found.iter().flatten() {
            self.ask_details(&mut questions, partial);
        }
        let mut answers = questions.send(&self.view()).await?;
        let mut states = Vec::with_capacity(found.len());
        for partial in found {
            states.push(
                partial.map(|partial| details_of_one(partial, &mut answers, self.addresses())).transpose()?,
            );
        }
        Ok(states)
    }

    fn ask_details(&self, questions: &mut Questions, partial: &Partial) {
        let at = self.addresses();
        let (id, template) =
            (convert::evm_address(partial.ip.address()), convert::evm_address(at.pi_license_template));
        for terms in &partial.terms_ids {
            let terms = *terms;
            questions.add(
                at.pi_license_template,
                &PiLicenseTemplate::getLicenseTermsCall { selectedLicenseTermsId: terms },
            );
            questions.add(
                at.license_registry,
                &LicenseRegistry::getLicensingConfigCall {
                    ipId: id,
                    licenseTemplate: template,
                    licenseTermsId: terms,
                },
            );
            questions.add(
                at.license_registry,
                &LicenseRegistry::getRoyaltyPercentCall {
                    ipId: id,
                    licenseTemplate: template,
                    licenseTermsId: terms,
                },
            );
        }
        for parent in &partial.parents {
            let call = LicenseRegistry::getParentLicenseTermsCall { childIpId: id, parentIpId: *parent };
            questions.add(at.license_registry, &call);
        }
        for below in std::iter::once(&id).chain(&partial.parents) {
            for above in &partial.parents {
                let (below, above) = (*below, *above);
                let lap = RoyaltyPolicyLap::getPolicyRoyaltyCall { ipId: below, ancestorIpId: above };
                let lrp = RoyaltyPolicyLrp::getPolicyRoyaltyCall { ipId: below, ancestorIpId: above };
                questions.add(at.royalty_policy_lap, &lap);
                questions.add(at.royalty_policy_lrp, &lrp);
            }
        }
    }
}

fn basics_of_one(answers: &mut Answers) -> Result<Option<Basics>> {
    let is_registered = answers.must::<IpAssetRegistry::isRegisteredCall>()?;
    let owner = answers.next::<IpAccount::ownerCall>();
    let uri = answers.next::<CoreMetadataViewModule::getMetadataURICall>();
    let hash = answers.next::<CoreMetadataViewModule::getMetadataHashCall>();
    let terms_count = answers.next::<LicenseRegistry::getAttachedLicenseTermsCountCall>();
    let parent_count = answers.next::<LicenseRegistry::getParentIpCountCall>();
    let child_count = answers.next::<LicenseRegistry::getDerivativeIpCountCall>();
    let ancestor_count = answers.next::<LicenseRegistry::getAncestorsCountCall>();
    let expires = answers.next::<LicenseRegistry::getExpireTimeCall>();
    let is_tagged = answers.next::<DisputeModule::isIpTaggedCall>();
    if !is_registered {
        return Ok(None);
    }
    let owner = owner.ok_or_else(silent)?;
    let is_tagged = is_tagged.ok_or_else(silent)?;
    let count =
        |number: Option<U256>| number.and_then(|number| u64::try_from(number).ok()).ok_or_else(silent);
    let expires = expires.filter(|seconds| !seconds.is_zero()).map(|seconds| {
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        Timestamp::EPOCH.saturating_add(std::time::Duration::from_secs(seconds))
    });
    let ipa_metadata = uri.zip(hash).filter(|(uri, hash)| !uri.is_empty() || !hash.is_zero());
    Ok(Some(Basics {
        owner: convert::from_evm_address(owner),
        ipa_metadata: ipa_metadata
            .map(|(uri, hash)| OnChainDocument::new(uri, ContentHash::from_bytes(hash.0))),
        terms_count: count(terms_count)?,
        parent_count: count(parent_count)?,
        child_count: count(child_count)?,
        ancestor_count: count(ancestor_count)?,
        is_tagged,
        expires_at: expires,
    }))
}

/// What is registered has all of it: no answer is no "none".
fn silent() -> Error {
    Error::new(ErrorKind::Unexpected, "an IP is registered, but not all contracts answer for it")
}

fn details_of_one(partial: Partial, answers: &mut Answers, at: &Addresses) -> Result<IpState> {
    let mut license_terms = Vec::with_capacity(partial.terms_ids.len());
    for id in &partial.terms_ids {
        let terms = answers.must::<PiLicenseTemplate::getLicenseTermsCall>()?;
        let config = answers.must::<LicenseRegistry::getLicensingConfigCall>()?;
        let share = answers.must::<LicenseRegistry::getRoyaltyPercentCall>()?;
        license_terms.push(attached(*id, convert::from_pil_terms(terms), &config, share));
    }
    let mut parent_terms = Vec::with_capacity(partial.parents.len());
    for _ in &partial.parents {
        let terms = answers.must::<LicenseRegistry::getParentLicenseTermsCall>()?;
        parent_terms.push(convert::terms_id(terms.licenseTermsId));
    }
    let (lap, lrp) = shares(answers, partial.parents.len())?;
    let (lap, lrp) = (edges::links(RoyaltyPolicy::Lap, &lap), edges::links(RoyaltyPolicy::Lrp, &lrp));
    let mut parents = Vec::with_capacity(partial.parents.len());
    for (((parent, terms_id), lap), lrp) in partial.parents.iter().zip(parent_terms).zip(lap).zip(lrp) {
        let attached = license_terms.iter().find(|attached| attached.terms_id == terms_id);
        let policy = attached.map(|attached| attached.terms.royalty_policy).unwrap_or_default();
        let share = if policy == at.royalty_policy_lrp { lrp } else { lap };
        let link = OnChainLink::new(terms_id, policy, Share::from_millionths(share).unwrap_or(Share::FULL));
        parents.push(ParentState::new(IpId::new(convert::from_evm_address(*parent)), link));
    }
    let Basics { owner, ipa_metadata, child_count, ancestor_count, is_tagged, expires_at, .. } =
        partial.basics;
    let mut state = IpState::new(partial.ip, owner);
    state.ipa_metadata = ipa_metadata;
    state.license_terms = license_terms;
    state.parents = parents;
    state.child_count = child_count;
    state.ancestor_count = ancestor_count;
    state.is_tagged = is_tagged;
    state.expires_at = expires_at;
    Ok(state)
}

/// What parents take of the child and of each other, under LAP and under LRP.
fn shares(answers: &mut Answers, count: usize) -> Result<(Shares, Shares)> {
    let (mut lap, mut lrp) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for _ in 0..=count {
        let (mut lap_row, mut lrp_row) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for _ in 0..count {
            lap_row.push(answers.must::<RoyaltyPolicyLap::getPolicyRoyaltyCall>()?);
            lrp_row.push(answers.must::<RoyaltyPolicyLrp::getPolicyRoyaltyCall>()?);
        }
        lap.push(lap_row);
        lrp.push(lrp_row);
    }
    let split = |mut rows: Vec<Vec<u32>>| {
        let of_child = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Shares { of_child, of_parents: rows }
    };
    Ok((split(lap), split(lrp)))
}

/// Terms with what the owner changed about them: the protocol asks the owner's settings first.
fn attached(id: U256, terms: PilTerms, config: &LicensingConfig, share: u32) -> AttachedTerms {
    let fee = if config.isSet { convert::wei(config.mintingFee) } else { terms.default_minting_fee };
    let mut attached = AttachedTerms::new(convert::terms_id(id), terms);
    attached.rev_share = share;
    attached.minting_fee = fee;
    attached.disabled = config.isSet && config.disabled;
    attached
}
