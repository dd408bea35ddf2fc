package org.tastemaker.diffusion.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdamWTest {
  private static FloatBuffer of(float... values) {
    return FloatBuffer.wrap(values);
  }

  @Test
  void twoUpdatesAreThoseComputedByHand() {
    // p 1, g 0.5 then -0.25, lr 0.1, wd 0.01, eps 1e-8:
    //   1: m .05, v .00025, mhat .5, vhat .25  -> 1 * .999 - .1 * .5 / .5 = .899
    //   2: m .02, v .00031225, mhat .02 / .19 = .1052632, vhat .00031225 / .001999 = .1562031
    //      -> .899 * .999 - .1 * .1052632 / .3952254 = .8714673
    AdamW adam = new AdamW(new AdamW.Options(.9, .999, 1e-8, .01), 1);
    FloatBuffer p = of(1);
    adam.update(.1, List.of(p), List.of(of(.5f)));
    // Single precision of the parameter and the moments.
    assertThat(p.get(0)).isCloseTo(.899f, within(1e-7f));
    adam.update(.1, List.of(p), List.of(of(-.25f)));
    assertThat(p.get(0)).isCloseTo(.8714673f, within(2e-7f));
    assertThat(adam.updates()).isEqualTo(2);
    assertThat(adam.firstMoments().get(0).get(0)).isCloseTo(.02f, within(1e-8f));
    assertThat(adam.secondMoments().get(0).get(0)).isCloseTo(.00031225f, within(1e-10f));
  }

  @Test
  void theFirstUpdateMovesByTheRateWhateverTheGradientsSize() {
    AdamW adam = new AdamW(new AdamW.Options(.9, .999, 0, 0), 3);
    FloatBuffer p = of(0, 0, 0);
    adam.update(.5, List.of(p), List.of(of(1e-6f, -30, 0)));
    assertThat(p).isEqualTo(of(-.5f, .5f, 0));
  }

  @Test
  void aRateOfZeroMovesNothingButLearnsTheMoments() {
    AdamW adam = new AdamW(AdamW.Options.defaults(), 1);
    FloatBuffer p = of(3);
    adam.update(0, List.of(p), List.of(of(2)));
    assertThat(p.get(0)).isEqualTo(3);
    assertThat(adam.firstMoments().get(0).get(0)).isCloseTo(.2f, within(1e-7f));
  }

  @Test
  void aResumedOptimizerGoesOnAsIfItHadNotStopped() {
    AdamW whole = new AdamW(AdamW.Options.defaults(), 2);
    FloatBuffer p = of(1, 2);
    whole.update(.1, List.of(p), List.of(of(1, -3)));
    AdamW resumed = new AdamW(AdamW.Options.defaults(), 2);
    resumed.firstMoments().get(0).put(whole.firstMoments().get(0));
    resumed.secondMoments().get(0).put(whole.secondMoments().get(0));
    resumed.resume(whole.updates());
    FloatBuffer q = of(p.get(0), p.get(1));
    whole.update(.1, List.of(p), List.of(of(.5f, 4)));
    resumed.update(.1, List.of(q), List.of(of(.5f, 4)));
    assertThat(q).isEqualTo(p);
  }

  @Test
  void buffersThatDoNotMatchAreAnErrorAndChangeNothing() {
    AdamW adam = new AdamW(AdamW.Options.defaults(), 2, 1);
    FloatBuffer p = of(1, 2);
    assertThatThrownBy(() -> adam.update(.1, List.of(p), List.of(p)))
        .hasMessage("parameters must be 2 buffers, but were 1");
    assertThatThrownBy(() -> adam.update(.1, List.of(p, of(1)), List.of(p, p)))
        .hasMessage("gradients[1] must hold 1 elements, but holds 2");
    assertThatThrownBy(() -> adam.update(Double.NaN, List.of(p, of(1)), List.of(p, of(1))))
        .hasMessage("rate must be at least 0 and finite, but was NaN");
    assertThat(adam.updates()).isZero();
    assertThat(p).isEqualTo(of(1, 2));
  }

  @Test
  void optionsOutOfRangeAreErrors() {
    assertThatThrownBy(() -> new AdamW.Options(1, .9, 0, 0))
        .hasMessage("beta1 must be in [0, 1), but was 1.0");
    assertThatThrownBy(() -> new AdamW.Options(.9, -.1, 0, 0))
        .hasMessage("beta2 must be in [0, 1), but was -0.1");
    assertThatThrownBy(() -> new AdamW.Options(.9, .9, -1, 0))
        .hasMessage("epsilon must be in [0, 1), but was -1.0");
    assertThatThrownBy(() -> new AdamW.Options(.9, .9, 0, -1))
        .hasMessage("weightDecay must be at least 0 and finite, but was -1.0");
  }
}
