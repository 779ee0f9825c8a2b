//! Appending, reading and dropping lines.

use std::sync::Arc;

use futures_util::future::join_all;

use super::{
    fixtures::{all_lines, called, hit, request_id, spent},
    harness::{Harness, skip},
};
use crate::{
    ai::audit::{AuditEntry, ChainHead, LoggedEntry, canonical, verify},
    conformance::repository::fixtures::kind,
    error::{ErrorKind, Result},
};

/// What the lines of these entries must be after `head`.
fn chained(head: ChainHead, entries: &[AuditEntry]) -> Vec<LoggedEntry> {
    let mut head = head;
    let line = |entry| {
        let bytes = canonical::encode(entry);
        head = head.next(&bytes);
        LoggedEntry::new(head, bytes)
    };
    entries.iter().map(line).collect()
}

fn hits(numbers: impl IntoIterator<Item = u64>) -> Vec<AuditEntry> {
    numbers.into_iter().map(hit).collect()
}

pub async fn lines_are_appended_in_order(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    assert_eq!(log.head().await?, ChainHead::START);
    let entries: Vec<_> = (1..=500).map(hit).chain([called(500, spent(1, 2))]).collect();
    let expected = chained(ChainHead::START, &entries);
    let (first, rest) = entries.split_at(3);
    assert_eq!(Some(log.append(first).await?), expected.get(2).map(|line| line.head));
    let head = log.append(rest).await?;
    assert_eq!(Some(head), expected.last().map(|line| line.head));
    assert_eq!((log.head().await?, log.anchor().await?), (head, ChainHead::START));
    assert!(all_lines(&*log).await? == expected);
    Ok(())
}

pub async fn an_empty_batch_changes_nothing(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    assert_eq!(log.append(&[]).await?, ChainHead::START);
    let head = log.append(&[hit(1)]).await?;
    assert_eq!((log.append(&[]).await?, log.head().await?), (head, head));
    assert_eq!(all_lines(&*log).await?.len(), 1);
    Ok(())
}

pub async fn lines_come_in_pages(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    log.append(&hits(1..=10)).await?;
    for (after, limit, places) in [(0, 4, 1..=4), (4, 100, 5..=10), (9, 1, 10..=10), (3, u32::MAX, 4..=10)] {
        let lines = log.lines(after, limit).await?;
        assert_eq!(
            lines.iter().map(|line| line.head.sequence).collect::<Vec<_>>(),
            places.collect::<Vec<_>>()
        );
    }
    for (after, limit) in [(10, 4), (u64::MAX, 4), (0, 0)] {
        assert_eq!(log.lines(after, limit).await?, []);
    }
    Ok(())
}

pub async fn lines_of_a_request_are_found(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    log.append(&[hit(1), hit(2), called(1, spent(1, 1)), hit(3), hit(1)]).await?;
    let all = all_lines(&*log).await?;
    for (number, places) in [(1, vec![1, 3, 5]), (2, vec![2]), (3, vec![4]), (4, vec![])] {
        let lines = log.lines_of(&request_id(number)).await?;
        assert_eq!(lines.iter().map(|line| line.head.sequence).collect::<Vec<_>>(), places);
        assert!(lines.iter().all(|line| all.contains(line)));
    }
    log.drop_through(&all.get(2).map_or(ChainHead::START, |line| line.head)).await?;
    let lines = log.lines_of(&request_id(1)).await?;
    assert_eq!(lines.iter().map(|line| line.head.sequence).collect::<Vec<_>>(), [5]);
    Ok(())
}

pub async fn writers_at_once_make_one_chain(harness: &impl Harness) -> Result<()> {
    let first = harness.fresh().await?;
    let second = harness.again().await?.unwrap_or_else(|| Arc::clone(&first));
    let batches: Vec<Vec<AuditEntry>> =
        (0..40).map(|batch| hits((0..=batch % 5).map(|number| 100 * batch + number))).collect();
    let handles = [&first, &second].into_iter().cycle();
    let appended = join_all(batches.iter().zip(handles).map(|(batch, log)| log.append(batch))).await;
    let heads = appended.into_iter().collect::<Result<Vec<_>>>()?;
    let lines = all_lines(&*first).await?;
    assert_eq!(lines.len(), batches.iter().map(Vec::len).sum::<usize>());
    let report = verify(&*second, None).await?.into_result()?;
    assert_eq!(report.head, first.head().await?);
    // Each batch stands together, and ends with the head that its writer was told.
    for (batch, head) in batches.iter().zip(heads) {
        let end = lines.iter().position(|line| line.head == head).map_or(0, |place| place + 1);
        let stored = lines.get(end.saturating_sub(batch.len())..end).unwrap_or_default();
        let entries = stored.iter().map(LoggedEntry::entry).collect::<Result<Vec<_>>>()?;
        assert_eq!(&entries, batch);
    }
    Ok(())
}

pub async fn only_a_line_that_is_there_becomes_the_anchor(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    log.append(&hits(1..=5)).await?;
    let lines = all_lines(&*log).await?;
    let head = |place: usize| lines.get(place - 1).map_or(ChainHead::START, |line| line.head);
    let others = [
        ChainHead::START,
        ChainHead::new(2, head(3).hash),
        ChainHead::new(6, head(5).hash),
        ChainHead::new(u64::MAX, head(5).hash),
    ];
    for through in others {
        assert_eq!(kind(&log.drop_through(&through).await), Some(ErrorKind::Conflict), "{through}");
    }
    assert_eq!((log.anchor().await?, all_lines(&*log).await?.len()), (ChainHead::START, 5));
    log.drop_through(&head(2)).await?;
    for gone in [head(1), head(2)] {
        assert_eq!(kind(&log.drop_through(&gone).await), Some(ErrorKind::Conflict));
    }
    assert_eq!(log.anchor().await?, head(2));
    Ok(())
}

pub async fn what_is_dropped_is_gone_and_the_chain_goes_on(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    log.append(&hits(1..=5)).await?;
    let lines = all_lines(&*log).await?;
    let third = lines.get(2).map_or(ChainHead::START, |line| line.head);
    log.drop_through(&third).await?;
    assert!(all_lines(&*log).await? == lines.get(3..).unwrap_or_default());
    // Down to nothing, and on from there.
    let head = log.head().await?;
    log.drop_through(&head).await?;
    assert_eq!((all_lines(&*log).await?, log.head().await?, log.anchor().await?), (vec![], head, head));
    assert_eq!(verify(&*log, None).await?.into_result()?.lines, 0);
    let next = [hit(6)];
    assert_eq!(log.append(&next).await?.sequence, 6);
    assert!(all_lines(&*log).await? == chained(head, &next));
    let report = verify(&*log, None).await?.into_result()?;
    assert_eq!((report.lines, report.anchor), (1, head));
    Ok(())
}

pub async fn lines_survive_reopening(harness: &impl Harness) -> Result<()> {
    let log = harness.fresh().await?;
    log.append(&hits(1..=5)).await?;
    let lines = all_lines(&*log).await?;
    log.drop_through(&lines.first().map_or(ChainHead::START, |line| line.head)).await?;
    let (head, anchor) = (log.head().await?, log.anchor().await?);
    drop(log);
    let Some(log) = harness.again().await? else {
        skip("lines_survive_reopening");
        return Ok(());
    };
    assert_eq!((log.head().await?, log.anchor().await?), (head, anchor));
    assert!(all_lines(&*log).await? == lines.get(1..).unwrap_or_default());
    Ok(())
}
