package org.tastemaker.diffusion.train;

import com.google.common.collect.ImmutableList;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.schedule.FloatBuffers;

/**
 * The gradients of some parameters, as {@link GradientClip} and {@link AdamW} want them.
 *
 * <pre>{@code
 * GradientViews views = new GradientViews(lora.parameters().arrays().keySet());   // once
 * // ...
 * views.show(function.backward(cotangents));                                      // each step
 * GradientClip.byGlobalNorm(1, views.byName());
 * optimizer.update(rate, weights, views.inOrder());
 * }</pre>
 *
 * <p>A function that hands out the same arrays at each call ({@link GraphFunction#backward} says
 * which do) has its views made at the first one, and no step after it allocates anything. The views
 * are valid as long as the arrays. Not thread-safe.
 */
public final class GradientViews {
  private final ImmutableList<String> names;
  private final @Nullable INDArray[] arrays;
  private final List<FloatBuffer> views;
  private final Map<String, FloatBuffer> byName = new LinkedHashMap<>();
  private final Map<String, FloatBuffer> shownByName = Collections.unmodifiableMap(byName);
  private final List<FloatBuffer> shownInOrder;

  /**
   * Views of nothing yet.
   *
   * @param names of the parameters, in the optimizer's order
   */
  public GradientViews(Collection<String> names) {
    this.names = ImmutableList.copyOf(names);
    this.arrays = new INDArray[this.names.size()];
    this.views = new ArrayList<>(Collections.nCopies(this.names.size(), FloatBuffer.allocate(0)));
    this.shownInOrder = Collections.unmodifiableList(views);
  }

  /**
   * Shows other gradients from now on.
   *
   * @param gradients by name; those of other names are left out
   * @throws IllegalArgumentException if one is missing, or not a FLOAT array in 'c' order; the
   *     views must not be used then
   */
  @SuppressWarnings("ReferenceEquality") // the same array, not one of the same content
  public void show(Map<String, INDArray> gradients) {
    for (int i = 0; i < arrays.length; i++) {
      String name = names.get(i);
      INDArray array = gradients.get(name);
      if (array == null) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "there is no gradient of %s among those of %s: is it trainable in this graph?",
                name,
                gradients.keySet()));
      }
      if (array != arrays[i]) {
        FloatBuffer view = FloatBuffers.of(array);
        arrays[i] = array;
        views.set(i, view);
        byName.put(name, view);
      }
    }
  }

  /**
   * The gradients that are shown, by name.
   *
   * @return the same map at each call; written to, the buffers write to the arrays
   */
  public Map<String, FloatBuffer> byName() {
    return shownByName;
  }

  /**
   * The gradients that are shown, in the order of the names.
   *
   * @return the same list at each call
   */
  public List<FloatBuffer> inOrder() {
    return shownInOrder;
  }
}
