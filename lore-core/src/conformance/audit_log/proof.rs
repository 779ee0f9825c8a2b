//! What a log proves.

use std::sync::Arc;

use futures_util::future::try_join4;

use super::{
    fixtures::{all_lines, every_entry, hit},
    harness::Harness,
};
use crate::{
    ai::audit::{BrokenLine, LineFault, LoggedEntry, Verdict, canonical, verify},
    error::{Error, Result},
    port::ai_log::{AuditLog, CallLedger},
};

pub async fn every_kind_of_entry_comes_back(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    let entries = every_entry();
    log.append(&entries).await?;
    let lines = all_lines(&*log).await?;
    assert_eq!(lines.iter().map(LoggedEntry::entry).collect::<Result<Vec<_>>>()?, entries);
    assert_eq!(verify(&*log, None).await?.into_result()?.lines, lines.len() as u64);
    Ok(())
}

/// A log of nine lines, and them.
async fn nine(harness: &impl Harness) -> Result<(Arc<dyn CallLedger>, Vec<LoggedEntry>)> {
    let log = harness.fresh().await?;
    log.append(&(1..=9).map(hit).collect::<Vec<_>>()).await?;
    let lines = all_lines(&*log).await?;
    Ok((log, lines))
}

pub async fn what_is_stored_is_returned(harness: &impl Harness) -> Result<()> {
    for bytes in [vec![], vec![0], canonical::encode(&hit(77)), vec![0xff; 5_000]] {
        let (log, lines) = nine(harness).await?;
        let mut expected = lines;
        if let Some(fourth) = expected.get_mut(3) {
            fourth.bytes = bytes;
            harness.tamper(4, fourth).await?;
        }
        assert!(all_lines(&*log).await? == expected);
    }
    Ok(())
}

async fn fault_of(log: &dyn AuditLog) -> Result<Option<BrokenLine>> {
    Ok(match verify(log, None).await? {
        Verdict::Broken(broken) => Some(broken),
        Verdict::Whole(_) => None,
    })
}

pub async fn a_changed_line_is_named(harness: &impl Harness) -> Result<()> {
    let other = canonical::encode(&hit(77));
    for place in [1, 4, 9] {
        for (new_bytes, new_hash, fault) in
            [(true, false, LineFault::Bytes), (false, true, LineFault::Hash), (true, true, LineFault::Bytes)]
        {
            let (log, lines) = nine(harness).await?;
            for mut line in lines.into_iter().filter(|line| line.head.sequence == place) {
                if new_bytes {
                    line.bytes.clone_from(&other);
                }
                if new_hash {
                    line.head.hash = [7; 32];
                }
                harness.tamper(place, &line).await?;
            }
            let broken = fault_of(&*log).await?;
            let found = broken.map(|broken| (broken.sequence, broken.fault, broken.intact));
            assert_eq!(found, Some((place, fault, place - 1)));
        }
    }
    Ok(())
}

pub async fn a_log_is_verified_while_others_append_and_archive(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    let other = harness.again().await?.unwrap_or_else(|| Arc::clone(&log));
    log.append(&(1..=2_500).map(hit).collect::<Vec<_>>()).await?;
    let appending = async {
        for number in 3_000..3_100 {
            log.append(&[hit(number)]).await?;
        }
        Ok::<_, Error>(())
    };
    let archiving = async {
        for after in 0..50 {
            let lines = other.lines(after, 2).await?;
            if let Some(second) = lines.last() {
                other.drop_through(&second.head).await?;
            }
        }
        Ok(())
    };
    let verifying = |log: Arc<dyn CallLedger>| async move {
        for _ in 0..10 {
            verify(&*log, None).await?.into_result()?;
        }
        Ok(())
    };
    let verified = (verifying(Arc::clone(&log)), verifying(Arc::clone(&other)));
    try_join4(appending, archiving, verified.0, verified.1).await?;
    assert_eq!(verify(&*log, None).await?.into_result()?.head.sequence, 2_600);
    Ok(())
}
