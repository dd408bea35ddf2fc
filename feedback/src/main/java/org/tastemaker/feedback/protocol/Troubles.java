package org.tastemaker.feedback.protocol;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.core.RunEvent;
import org.tastemaker.core.RunListener;
import org.tastemaker.feedback.FeedbackException;

/** Tells the first failure of each kind, and no more of them than a person reads. */
final class Troubles {
  private static final Logger LOG = LoggerFactory.getLogger(Troubles.class);
  private static final int MOST = 20;

  private final RunListener listener;
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  Troubles(RunListener listener) {
    this.listener = listener;
  }

  /** A question stays without an answer. */
  void tell(FeedbackException failure) {
    String kind = FailureKinds.of(failure);
    if (!kind.equals(FailureKinds.PENDING) && told.size() < MOST && told.add(kind)) {
      LOG.warn(
          "a question has no answer: {} (further failures of this kind are only counted)",
          failure.getMessage());
      listener.on(new RunEvent.Notice(0, "a question has no answer: " + failure.getMessage()));
    }
  }
}
