package org.tastemaker.optim.dpok;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.Seed;
import org.tastemaker.optim.policy.DiffusionPolicy;

/** What the advantages are measured from: V of a {@link ValueNetwork}, or 0 without one. */
final class Baseline implements AutoCloseable {
  private static final String FILE = "value_network.safetensors";

  private final DiffusionPolicy policy;
  private final @Nullable ValueNetwork network;

  Baseline(Optional<ValueOptions> options, DiffusionPolicy policy, Seed seed) {
    this.policy = policy;
    this.network = options.isPresent() ? network(options.get(), policy, seed) : null;
  }

  private static ValueNetwork network(ValueOptions options, DiffusionPolicy policy, Seed seed) {
    return new ValueNetwork(
        options,
        policy.sampler().latentShape().size(),
        policy.sampler().components().unet().config().crossAttentionDim(),
        policy.denoisingSteps().steps().size(),
        seed);
  }

  /**
   * Lets the network learn what to expect.
   *
   * @param step of the optimizer, for messages
   * @return {@code valueLoss}, or nothing without a network
   */
  Map<String, Double> fit(TransitionPool pool, long step, Seed seed) {
    if (network == null) {
      return Map.of();
    }
    double loss = 0;
    for (int i = 0; i < network.options().updates(); i++) {
      List<TransitionPool.Row> some = pool.draw(network.options().batch(), seed.split(i));
      double[] rewards = some.stream().mapToDouble(TransitionPool.Row::reward).toArray();
      loss = network.fit(pool.states(policy, some), rewards);
    }
    if (!Double.isFinite(loss)) {
      throw new DivergedException(
          "step " + step,
          "the value network's loss is "
              + loss
              + "; resume with a lower ValueOptions.learningRate or scale the rewards");
    }
    return Map.of("valueLoss", loss);
  }

  /** The reward to be expected of each transition, [R]. */
  double[] values(TransitionPool pool, List<TransitionPool.Row> rows) {
    return network == null ? new double[rows.size()] : network.values(pool.states(policy, rows));
  }

  /** Runs updates; if they fail, the network is what it was. */
  void atomically(Runnable updates) {
    if (network == null) {
      updates.run();
      return;
    }
    try (ValueNetwork.Memory before = network.memory()) {
      try {
        updates.run();
      } catch (RuntimeException | Error e) {
        network.resume(before);
        throw e;
      }
    }
  }

  void save(Path folder) {
    if (network != null) {
      network.save(folder.resolve(FILE));
    }
  }

  /**
   * Reads what {@link #save} wrote.
   *
   * @return puts it in place, and cannot fail
   * @throws IllegalArgumentException if it is damaged or of another network
   */
  Runnable read(Path folder) {
    ValueNetwork own = network;
    if (own == null) {
      return () -> {};
    }
    ValueNetwork.Memory read = own.read(folder.resolve(FILE));
    return () -> {
      own.resume(read);
      read.close();
    };
  }

  @Override
  public void close() {
    if (network != null) {
      network.close();
    }
  }
}
