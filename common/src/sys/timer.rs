//! The timer that each system has for it.

pub use super::system::timer::Timer;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    #[test]
    fn it_waits_as_long_as_it_is_told_last() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let timer = Timer::new().unwrap();
            timer.sleep(Duration::ZERO).await.unwrap();
            let begun = Instant::now();
            let long = timer.sleep(Duration::from_secs(3600));
            assert!(timeout(Duration::from_millis(5), long).await.is_err());
            timer.sleep(Duration::from_millis(20)).await.unwrap();
            assert!(begun.elapsed() >= Duration::from_millis(25));
        });
    }
}
