package org.tastemaker.diffusion.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.collect.ImmutableList;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static final Engine REPLAY = Engines.named("replay");

  @Test
  void namesAreRead() {
    assertThat(Placement.of("auto", "float32")).isEqualTo(Placement.AUTO);
    assertThat(Placement.of("CUDA", "TF32").devices()).containsExactly(Device.cuda(0));
    assertThat(Placement.of("cuda:1,cuda:0", "bfloat16"))
        .isEqualTo(
            new Placement(
                ImmutableList.of(Device.cuda(1), Device.cuda(0)),
                Precision.BFLOAT16,
                false,
                false,
                Updates.AUTO));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    for (Device device : ImmutableList.of(Device.AUTO, Device.CPU, Device.cuda(3))) {
      assertThat(Device.of(device.toString())).isEqualTo(device);
    }
    for (Precision precision : Precision.values()) {
      assertThat(Precision.of(precision.toString())).isEqualTo(precision);
    }
    for (Updates updates : Updates.values()) {
      assertThat(Updates.of(updates.toString())).isEqualTo(updates);
    }
  }

  @Test
  void otherNamesAreErrors() {
    for (String name : ImmutableList.of("", "gpu", "cuda:", "cuda:-1", "cuda:x", "cpu:1")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Device.of(name))
          .withMessage("a device must be auto, cpu, cuda or cuda:n, but was \"" + name + "\"");
    }
  }

  @Test
  void severalDevicesAreOfOneKindAndDifferent() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Placement.of("cpu,cuda", "float32"))
        .withMessage(
            "several devices must be of one kind and none of them auto, but were [cpu, cuda:0]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Placement.of("auto,auto", "float32"))
        .withMessageContaining("none of them auto");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Placement.of("cuda,cuda:0", "float32"))
        .withMessage("a GPU is there twice: [cuda:0, cuda:0]");
  }

  @Test
  void anEngineOfTheProcessorStaysWhereItIs() {
    assertThat(REPLAY.on(Placement.of("cpu", "float32"))).isEqualTo(REPLAY);
    assertThat(REPLAY.on(Placement.of("auto", "tf32"))).isEqualTo(REPLAY);
  }

  @Test
  void anEngineOfTheProcessorRefusesAnythingElse() {
    for (Placement placement :
        ImmutableList.of(
            Placement.of("cuda", "float32"),
            Placement.of("cpu", "bfloat16"),
            Placement.AUTO.withCheckpointing(true),
            Placement.AUTO.withGraphs(true),
            Placement.AUTO.withUpdates(Updates.DEVICE))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> REPLAY.on(placement))
          .withMessageStartingWith(
              "the engine \"replay\" computes on the processor in float32, not as ");
    }
  }
}
