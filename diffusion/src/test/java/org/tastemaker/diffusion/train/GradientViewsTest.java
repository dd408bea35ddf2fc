package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GradientViewsTest {
  private final INDArray a = Nd4j.createFromArray(1f, 2f);
  private final INDArray b = Nd4j.createFromArray(3f);
  private final GradientViews views = new GradientViews(List.of("b", "a"));

  @Test
  void gradientsComeInTheOrderOfTheNamesAndWithoutOthers() {
    views.show(Map.of("a", a, "b", b, "c", a));
    assertThat(views.byName().keySet()).containsExactly("b", "a");
    assertThat(views.inOrder()).extracting(FloatBuffer::remaining).containsExactly(1, 2);
    assertThat(views.inOrder().get(1).get(1)).isEqualTo(2);
  }

  @Test
  void whatIsWrittenToAViewIsInTheArray() {
    views.show(Map.of("a", a, "b", b));
    views.inOrder().get(0).put(0, 7);
    assertThat(b.getFloat(0)).isEqualTo(7);
  }

  @Test
  void anotherArrayIsShownInThePlaceOfTheFirst() {
    views.show(Map.of("a", a, "b", b));
    INDArray equal = a.dup();
    views.show(Map.of("a", equal, "b", b));
    views.inOrder().get(1).put(0, 9);
    assertThat(equal.getFloat(0)).isEqualTo(9);
    assertThat(a.getFloat(0)).isEqualTo(1);
    assertThat(views.inOrder().get(1)).isSameAs(views.byName().get("a"));
  }

  @Test
  void aGradientThatIsMissingIsNamed() {
    assertThatThrownBy(() -> views.show(Map.of("b", b)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no gradient of a among those of [b]: is it trainable in this graph?");
  }

  @Test
  void anUpdateWithTheSameArraysAllocatesAlmostNothing() {
    Map<String, INDArray> gradients = Map.of("a", a, "b", b);
    List<FloatBuffer> weights = List.of(FloatBuffer.allocate(1), FloatBuffer.allocate(2));
    AdamW optimizer = new AdamW(AdamW.Options.defaults(), 1, 2);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = 0;
    for (int i = 0; i < 2000; i++) {
      if (i == 1000) {
        before = threads.getThreadAllocatedBytes(thread);
      }
      views.show(gradients);
      GradientClip.byGlobalNorm(1, views.byName());
      optimizer.update(1e-3, weights, views.inOrder());
    }
    // Iterators and a lambda, some 100 bytes; one new view and its pointer would be 150 alone.
    assertThat((threads.getThreadAllocatedBytes(thread) - before) / 1000).isLessThan(250);
  }
}
