package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.model.Adapter;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;

/**
 * What is trained of one network. The rest is frozen: constants to the graph, and not in
 * checkpoints.
 *
 * @param options how the network's graph is built; {@link FunctionOptions#trainable} chooses among
 *     the network's own parameters and those of its adapters, by name
 * @param adapters the parameters of the adapters that the options add, such as those of a low-rank
 *     adapter; their owner closes them
 * @param redraw redraws what is random in an adapter, such as the masks of a dropout; called before
 *     each batch with a seed that is a function of the batch's number
 */
@RecordBuilder
public record TrainedPart(
    FunctionOptions options, ImmutableList<Parameters> adapters, Consumer<Seed> redraw)
    implements TrainedPartBuilder.With {
  /** Checks every field. */
  public TrainedPart {
    Objects.requireNonNull(options, "options == null");
    Objects.requireNonNull(adapters, "adapters == null");
    Objects.requireNonNull(redraw, "redraw == null");
  }

  /**
   * A part with nothing random in it.
   *
   * @param options how the network's graph is built
   * @param adapters the parameters of the adapters that the options bring in
   */
  public TrainedPart(FunctionOptions options, ImmutableList<Parameters> adapters) {
    this(options, adapters, seed -> {});
  }

  /**
   * Nothing: the network is only run.
   *
   * @return the part
   */
  public static TrainedPart nothing() {
    return new TrainedPart(FunctionOptions.inference(), ImmutableList.of());
  }

  /**
   * The whole network.
   *
   * @return the part
   */
  public static TrainedPart everything() {
    return new TrainedPart(FunctionOptions.training(), ImmutableList.of());
  }

  /**
   * Some of the network's parameters.
   *
   * @param names whether the parameter of a name is trained
   * @return the part
   */
  public static TrainedPart only(Predicate<String> names) {
    return new TrainedPart(FunctionOptions.inference().withTrainable(names), ImmutableList.of());
  }

  /**
   * An adapter, with the network itself frozen.
   *
   * @param adapter joins in while the graph is built
   * @param parameters the adapter's, all of them trained
   * @return the part
   */
  public static TrainedPart adapter(Adapter adapter, Parameters parameters) {
    return new TrainedPart(
        FunctionOptions.inference()
            .withAdapter(adapter)
            .withTrainable(parameters.specs()::containsKey),
        ImmutableList.of(parameters));
  }
}
