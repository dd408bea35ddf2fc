package org.tastemaker.feedback.server;

import java.util.ArrayDeque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Question;

/** Which request, and which question, meets which fault. Thread-safe. */
final class FaultPlan {
  private final Map<Fault, Double> rates;
  private final Seed seed;
  private final Queue<Fault> script = new ArrayDeque<>();
  private final Map<Fault, AtomicLong> injected = new EnumMap<>(Fault.class);

  FaultPlan(Map<Fault, Double> rates, Seed seed) {
    this.rates = Map.copyOf(rates);
    this.seed = seed;
    for (Fault fault : Fault.values()) {
      injected.put(fault, new AtomicLong());
    }
  }

  /** Puts faults in a row for the requests to come. */
  void script(List<Fault> faults) {
    synchronized (script) {
      script.addAll(faults);
    }
  }

  /** The fault of a request: the next one in the row, or a drawn one of the network. */
  @Nullable Fault next(long request) {
    synchronized (script) {
      Fault next = script.poll();
      if (next != null) {
        return next;
      }
    }
    return draw(seed.split("network").split(request), false);
  }

  /** The fault of an answer, which is the same whenever the question is asked. */
  @Nullable Fault of(Question question) {
    long id = Long.parseUnsignedLong(question.id().substring(0, 16), 16);
    return draw(seed.split("answer").split(id).split(question.attempt().number()), true);
  }

  void count(Fault fault) {
    counter(fault).incrementAndGet();
  }

  long injected(Fault fault) {
    return counter(fault).get();
  }

  private @Nullable Fault draw(Seed from, boolean ofTheAnswer) {
    double u = from.generator().nextDouble();
    for (Fault fault : Fault.values()) {
      if (fault.isOfTheAnswer() == ofTheAnswer) {
        u -= rates.getOrDefault(fault, 0.0);
        if (u < 0) {
          return fault;
        }
      }
    }
    return null;
  }

  private AtomicLong counter(Fault fault) {
    return Objects.requireNonNull(injected.get(fault));
  }
}
