package org.tastemaker.diffusion.lora;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.tastemaker.diffusion.lora.LoraFixtures.SEED;
import static org.tastemaker.diffusion.lora.LoraFixtures.everywhere;
import static org.tastemaker.diffusion.lora.LoraFixtures.floats;
import static org.tastemaker.diffusion.lora.LoraFixtures.newLora;
import static org.tastemaker.diffusion.lora.LoraFixtures.run;
import static org.tastemaker.diffusion.lora.LoraFixtures.trained;
import static org.tastemaker.diffusion.lora.LoraFixtures.with;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.engine.graph.GradientCheck;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.model.FunctionOptions;
import org.tastemaker.diffusion.model.Parameters;
import org.tastemaker.diffusion.model.SmallLayers;
import org.tastemaker.diffusion.model.UNet2DConditionModel;

class LoraDropoutTest {
  @Test
  void gradientsGoThroughTheMask() {
    try (Parameters base = SmallLayers.parameters(SEED, DataType.DOUBLE);
        Lora lora = trained(LoraTest.small(base));
        LoraDropout dropout = new LoraDropout(lora, 0.4, SEED)) {
      GraphDefinition definition =
          SmallLayers.define(base, with(dropout).withTrainable(lora.trainable()));
      try (GraphFunction function = Engines.named("replay").create(definition);
          INDArray x = GradientCheck.random(SEED, 2, 3, 6, 6)) {
        Map<String, Double> errors = GradientCheck.errors(function, definition, Map.of("x", x));
        assertThat(errors.values())
            .allMatch(error -> error < GradientCheck.BOUND, errors.toString());
      }
    }
  }

  @Test
  void masksChangeWithTheSeedAndComeBackWithIt() {
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = trained(newLora("a", unet, everywhere()));
        LoraDropout dropout = new LoraDropout(lora, 0.5, SEED.split(0))) {
      FunctionOptions options = with(dropout);
      try (INDArray first = run(unet, options);
          INDArray again = run(unet, options)) {
        assertThat(floats(again)).containsExactly(floats(first));
        dropout.redraw(SEED.split(1));
        try (INDArray second = run(unet, options)) {
          assertThat(floats(second)).isNotEqualTo(floats(first));
        }
        dropout.redraw(SEED.split(0));
        try (INDArray back = run(unet, options)) {
          assertThat(floats(back)).containsExactly(floats(first));
        }
      }
    }
  }

  @Test
  void branchIsRightOnAverage() {
    try (Parameters base = SmallLayers.parameters(SEED, DataType.FLOAT);
        Lora lora =
            trained(
                Lora.create(
                    "a",
                    LoraNetwork.UNET,
                    base,
                    everywhere().withTargets(LoraTargets.named("to_q")),
                    SEED));
        LoraDropout dropout = new LoraDropout(lora, 0.25, SEED);
        GraphFunction plain = function(base, with(lora));
        GraphFunction dropped = function(base, with(dropout));
        GraphFunction without = function(base, FunctionOptions.inference());
        INDArray x = LoraFixtures.noise("x", 2, 3, 6, 6)) {
      int draws = 200;
      INDArray mean = out(without, x).muli(0);
      for (int i = 0; i < draws; i++) {
        dropout.redraw(SEED.split(i));
        try (INDArray out = out(dropped, x)) {
          mean.addi(out);
        }
      }
      mean.divi(draws);
      INDArray branch = out(plain, x).subi(out(without, x));
      INDArray error = mean.subi(out(plain, x));
      // A mask has the variance p / (1 - p) = 1/3: the mean of 200 is off by about
      // sqrt(1/3 / 200) = 4 % of the terms' size, which is a few times the branch's at most.
      assertThat(error.norm2Number().doubleValue())
          .isLessThan(0.16 * branch.norm2Number().doubleValue());
    }
  }

  private static GraphFunction function(Parameters base, FunctionOptions options) {
    return Engines.named("replay").create(SmallLayers.define(base, options));
  }

  private static INDArray out(GraphFunction function, INDArray x) {
    return requireNonNull(function.forward(Map.of("x", x)).get("out")).dup('c');
  }

  @Test
  void rateZeroIsTheLoraItself() {
    try (UNet2DConditionModel unet = LoraFixtures.unet();
        Lora lora = trained(newLora("a", unet, everywhere()));
        LoraDropout dropout = new LoraDropout(lora, lora.dropout(), SEED);
        INDArray plain = run(unet, with(lora));
        INDArray training = run(unet, with(dropout))) {
      assertThat(floats(training)).containsExactly(floats(plain));
    }
  }
}
