package org.tastemaker.optim.dpok;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Seed;
import org.tastemaker.diffusion.engine.OpenMpThreads;

class ValueNetworkTest {
  private static final ValueOptions OPTIONS = new ValueOptions(16, 0.01, 0, 1, 32);

  /** States whose value depends on the latents, and on the step. */
  private static List<ValueNetwork.State> states(Seed seed, int count) {
    return IntStream.range(0, count)
        .mapToObj(
            i -> {
              float[] x = new float[4];
              seed.split(i).gaussian(0, x);
              return new ValueNetwork.State(FloatBuffer.wrap(x), new float[] {1, 0}, i % 3);
            })
        .toList();
  }

  private static double[] rewards(List<ValueNetwork.State> states) {
    return states.stream().mapToDouble(s -> s.latents().get(0) * (s.step() - 1)).toArray();
  }

  @Test
  void itLearnsAValueThatDependsOnStateAndStepTogether() {
    try (ValueNetwork network = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1))) {
      double last = 0;
      for (int i = 0; i < 400; i++) {
        List<ValueNetwork.State> batch = states(Seed.of(2).split(i), 32);
        last = network.fit(batch, rewards(batch));
      }
      List<ValueNetwork.State> heldOut = states(Seed.of(3), 64);
      double[] values = network.values(heldOut);
      double[] expected = rewards(heldOut);
      double error = 0;
      double variance = 0;
      for (int i = 0; i < values.length; i++) {
        error += Math.pow(values[i] - expected[i], 2);
        variance += expected[i] * expected[i];
      }
      // A network blind to the step would explain nothing: the slope's mean over steps is 0.
      assertThat(error).isLessThan(0.2 * variance);
      assertThat(last).isLessThan(0.2);
    }
  }

  @Test
  void itComputesWithOneOpenMpThreadWhateverTheCallersNumber() {
    int before = OpenMpThreads.number();
    List<Integer> seen = new ArrayList<>();
    List<ValueNetwork.State> states =
        Lists.transform(
            states(Seed.of(3), 5),
            state -> {
              seen.add(OpenMpThreads.number());
              return state;
            });
    try (ValueNetwork network = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1))) {
      OpenMpThreads.use(3);
      double unused = network.fit(states, new double[5]);
      assertThat(network.values(states)).hasSize(5);
      assertThat(seen).hasSizeGreaterThanOrEqualTo(10).containsOnly(1);
      assertThat(OpenMpThreads.number()).isEqualTo(3);
    } finally {
      OpenMpThreads.use(before);
    }
  }

  @Test
  void itIsAFunctionOfItsSeed() {
    List<ValueNetwork.State> states = states(Seed.of(3), 5);
    try (ValueNetwork one = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1));
        ValueNetwork same = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1));
        ValueNetwork other = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(2))) {
      assertThat(same.values(states)).isEqualTo(one.values(states));
      assertThat(other.values(states)).isNotEqualTo(one.values(states));
    }
  }

  @Test
  void whatIsSavedAndReadGoesOnTheSameWay(@TempDir Path folder) {
    List<ValueNetwork.State> states = states(Seed.of(3), 16);
    try (ValueNetwork one = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1));
        ValueNetwork two = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(2))) {
      double unused = one.fit(states, rewards(states));
      one.save(folder.resolve("value.safetensors"));
      try (ValueNetwork.Memory read = two.read(folder.resolve("value.safetensors"))) {
        two.resume(read);
      }
      for (int i = 0; i < 3; i++) {
        assertThat(two.fit(states, rewards(states))).isEqualTo(one.fit(states, rewards(states)));
      }
      assertThat(two.values(states)).isEqualTo(one.values(states));
    }
  }

  @Test
  void whatWasRememberedIsGoneBackTo() {
    List<ValueNetwork.State> states = states(Seed.of(3), 16);
    try (ValueNetwork network = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1))) {
      double unused = network.fit(states, rewards(states));
      try (ValueNetwork.Memory memory = network.memory()) {
        double first = network.fit(states, rewards(states));
        double second = network.fit(states, rewards(states));
        network.resume(memory);
        assertThat(network.fit(states, rewards(states))).isEqualTo(first);
        assertThat(network.fit(states, rewards(states))).isEqualTo(second);
      }
    }
  }

  @Test
  void aFileOfAnotherNetworkOrOfNoneIsAnError(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("value.safetensors");
    try (ValueNetwork one = new ValueNetwork(OPTIONS, 4, 2, 3, Seed.of(1));
        ValueNetwork wide = new ValueNetwork(OPTIONS, 5, 2, 3, Seed.of(1))) {
      one.save(file);
      assertThatThrownBy(() -> wide.read(file)).hasMessageContaining("is of another value network");
      Files.writeString(file, "nothing");
      assertThatThrownBy(() -> one.read(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("value.safetensors is damaged or missing");
    }
  }
}
