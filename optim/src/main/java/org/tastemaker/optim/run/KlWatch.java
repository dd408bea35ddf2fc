package org.tastemaker.optim.run;

import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.Rollout;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.core.run.RunFolder;

/**
 * Passes events on, and says once when the KL to the pre-trained model is above a bound: a run with
 * a learning rate that is far too high goes on with finite numbers, and its images are ruined.
 *
 * <p>The KL is a sum over the elements of a latent, so the bound is for each of them: it fits small
 * models and large ones.
 */
final class KlWatch implements RunListener {
  private static final Logger LOG = LoggerFactory.getLogger(KlWatch.class);
  private static final String WORDS = " nats for each element of a latent, above ";

  private final double bound;
  private final RunListener next;
  private long elements;
  private boolean said;

  /**
   * Watches a run.
   *
   * @param bound in nats for each element of a latent; infinity for none
   * @param folder of the run, which may have been warned in an earlier session
   * @param next takes the events and the warning
   */
  KlWatch(double bound, @Nullable RunFolder folder, RunListener next) {
    this.bound = bound;
    this.next = next;
    this.said =
        folder != null
            && folder.notices().stream().anyMatch(notice -> notice.message().contains(WORDS));
  }

  /** Takes note of how large the latents are. */
  void sized(Rollout rollout) {
    long[] shape = rollout.latents().shape(); // [T+1, N, C, h, w]
    elements = shape[2] * shape[3] * shape[4];
  }

  @Override
  public void on(RunEvent event) {
    next.on(event);
    if (event instanceof RunEvent.Metrics metrics) {
      Stream.of(Evaluation.KL_TO_REFERENCE, "klToReferenceEstimate")
          .forEach(name -> check(metrics.step(), name, metrics.values()));
    }
  }

  private void check(long step, String name, Map<String, Double> values) {
    Double kl = values.get(name);
    if (said || kl == null || elements == 0 || !(kl / elements > bound)) {
      return;
    }
    said = true;
    String message =
        String.format(
            Locale.ROOT,
            "%s is %.0f nats, %.1f%s%s: the model is far from the pre-trained one, and its images may be ruined. Look at them; resume from an earlier checkpoint with a lower learning rate, or set maxKlToReference. This is said once",
            name,
            kl,
            kl / elements,
            WORDS,
            bound);
    LOG.warn("round {}: {}", step, message);
    next.on(new RunEvent.Notice(step, message));
  }
}
