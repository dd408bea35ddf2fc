package org.tastemaker.optim.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.tastemaker.core.DivergedException;
import org.tastemaker.core.json.Json;

class SpikeGuardTest {
  private static final SpikeGuard.Options OPTIONS = new SpikeGuard.Options(10, 1, 10, 5, 3, 2);

  private static SpikeGuard afterCalm(SpikeGuard.Options options) {
    SpikeGuard guard = new SpikeGuard(options);
    for (double loss : new double[] {0.6, 0.2, 0.4}) {
      assertThat(guard.examine("step 1", loss, 2)).isEmpty();
    }
    return guard;
  }

  @Test
  void aLossFarAboveTheMedianIsASpike() {
    assertThat(afterCalm(OPTIONS).examine("step 4", 4.1, 2))
        .hasValue("the loss is 4.1, where the median of the last 3 updates is 0.4");
  }

  @Test
  void anInsideTermFarAboveTheMedianIsASpikeToo() {
    assertThat(afterCalm(OPTIONS).examine("step 4", 0.5, 20.5))
        .hasValue("the inside term is 20.5, where the median of the last 3 updates is 2.0");
  }

  @Test
  void whatIsBelowTheBoundIsNone() {
    assertThat(afterCalm(OPTIONS).examine("step 4", 4, 20)).isEmpty();
  }

  @Test
  void whatIsBelowTheFloorIsNoneHoweverLowTheMedianIs() {
    SpikeGuard guard = new SpikeGuard(OPTIONS);
    for (int i = 0; i < 3; i++) {
      assertThat(guard.examine("step 1", 1e-6, 0.1)).isEmpty();
    }
    assertThat(guard.examine("step 4", 0.99, 9.9)).isEmpty();
    assertThat(guard.examine("step 5", 1.01, 9.9)).isPresent();
  }

  @Test
  void nothingIsASpikeBeforeEnoughUpdatesHaveBeenSeen() {
    SpikeGuard guard = new SpikeGuard(OPTIONS);
    assertThat(guard.examine("step 1", 0.1, 1)).isEmpty();
    assertThat(guard.examine("step 2", 100, 1)).isEmpty();
  }

  @Test
  void aSpikeIsNotAmongThoseThatTheMedianIsOf() {
    SpikeGuard guard = afterCalm(OPTIONS);
    SpikeGuard.State before = guard.state();
    assertThat(guard.examine("step 4", 100, 2)).isPresent();
    assertThat(guard.state().losses()).isEqualTo(before.losses());
    assertThat(guard.state().skippedInARow()).isEqualTo(1);
    assertThat(guard.examine("step 5", 0.5, 2)).isEmpty();
    assertThat(guard.state().skippedInARow()).isZero();
  }

  @Test
  void theMedianIsOfTheLatestUpdatesAlone() {
    SpikeGuard guard = new SpikeGuard(OPTIONS);
    for (int i = 1; i <= 9; i++) {
      assertThat(guard.examine("step 1", i, 2)).isEmpty();
    }
    assertThat(guard.state().losses()).containsExactly(5.0, 6.0, 7.0, 8.0, 9.0);
  }

  @Test
  void spikesOneAfterTheOtherAreADivergedRun() {
    SpikeGuard guard = afterCalm(OPTIONS);
    assertThat(guard.examine("step 4", 50, 2)).isPresent();
    assertThat(guard.examine("step 4", 50, 2)).isPresent();
    assertThatThrownBy(() -> guard.examine("step 4", 50, 2))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("step 4")
        .hasMessageContaining("the loss is 50.0")
        .hasMessageContaining("so it was with the 2 updates before")
        .hasMessageContaining("lower learning rate");
  }

  @Test
  void withoutAGuardNothingIsASpike() {
    SpikeGuard guard = afterCalm(SpikeGuard.Options.none().withWarmUp(1));
    assertThat(guard.examine("step 4", 1e9, 1e9)).isEmpty();
  }

  @Test
  void whatItRemembersGoesThroughACheckpoint() {
    SpikeGuard guard = afterCalm(OPTIONS);
    assertThat(guard.examine("step 4", 50, 2)).isPresent();
    String json = Json.write(guard.state().toJson());
    SpikeGuard again = new SpikeGuard(OPTIONS);
    again.restore(SpikeGuard.State.parse(Json.parseObject(json, "test")));
    assertThat(again.state()).isEqualTo(guard.state());
  }

  @Test
  void optionsOutOfTheirRangeAreErrors() {
    assertThatThrownBy(() -> OPTIONS.withFactor(1)).hasMessageContaining("factor");
    assertThatThrownBy(() -> OPTIONS.withLossFloor(-1)).hasMessageContaining("lossFloor");
    assertThatThrownBy(() -> OPTIONS.withInsideFloor(Double.NaN))
        .hasMessageContaining("insideFloor");
    assertThatThrownBy(() -> OPTIONS.withWindow(0)).hasMessageContaining("window");
    assertThatThrownBy(() -> OPTIONS.withWarmUp(6)).hasMessageContaining("warmUp");
    assertThatThrownBy(() -> OPTIONS.withPatience(-1)).hasMessageContaining("patience");
  }
}
