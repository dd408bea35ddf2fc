package org.tastemaker.feedback.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RateLimiterTest {
  private final FakeTime time = new FakeTime();

  @Test
  void oneSecondsWorthGoesAtOnceAndTheRestAtTheRate() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(120, time, time); // 2 a second
    for (int i = 0; i < 2; i++) {
      limiter.acquire(1);
    }
    assertThat(time.elapsed()).isEqualTo(Duration.ZERO);
    for (int i = 0; i < 10; i++) {
      limiter.acquire(1);
    }
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void whatIsLargerThanTheBucketIsPaidByTheNext() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(60_000, time, time); // 1,000 a second
    limiter.acquire(5_000);
    assertThat(time.elapsed()).isEqualTo(Duration.ZERO);
    limiter.acquire(1_000);
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void aTooHighEstimateIsGivenBack() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(60_000, time, time);
    limiter.acquire(5_000);
    limiter.settle(5_000, 0);
    limiter.acquire(1_000);
    assertThat(time.elapsed()).isEqualTo(Duration.ZERO);
  }

  @Test
  void aTooLowEstimateIsTakenLater() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(60_000, time, time);
    limiter.acquire(1_000);
    limiter.settle(1_000, 4_000);
    limiter.acquire(1_000);
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void aClosedLimiterLetsNobodyThroughUntilItsTime() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(Double.POSITIVE_INFINITY, time, time);
    limiter.closeFor(Duration.ofSeconds(20));
    limiter.closeFor(Duration.ofSeconds(5)); // a shorter word does not open it earlier
    limiter.acquire(1);
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void withoutALimitNobodyWaits() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(Double.POSITIVE_INFINITY, time, time);
    for (int i = 0; i < 10_000; i++) {
      limiter.acquire(1e9);
    }
    assertThat(time.sleeps()).isEmpty();
  }

  @Test
  void anInterruptedWaitTakesNothing() throws InterruptedException {
    RateLimiter limiter = new RateLimiter(60, time, time);
    limiter.acquire(1);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> limiter.acquire(1)).isInstanceOf(InterruptedException.class);
    limiter.acquire(1);
    assertThat(time.elapsed()).isEqualTo(Duration.ofSeconds(1));
  }
}
