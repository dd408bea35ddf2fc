package org.tastemaker.optim.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.json.Json;

class TrackTest {
  private static Track track(int window, double... values) {
    Track track = new Track("round", window);
    add(track, 0, values);
    return track;
  }

  private static void add(Track track, long after, double... values) {
    for (int i = 0; i < values.length; i++) {
      track.add(after + i + 1, Map.of("x", values[i]));
    }
  }

  private static Track.Change change(Track track) {
    return track.change("x").orElseThrow();
  }

  @Test
  void theLatestFewAreComparedWithTheFirstFew() {
    Track track = track(2, 1, 3, 100, -100, 6, 10);
    assertThat(change(track)).isEqualTo(new Track.Change(2, 8));
    assertThat(track.isFull()).isTrue();
    assertThat(track.span())
        .isEqualTo("between the first 2 rounds and the latest 2, up to round 6");
    assertThat(track.change("y")).isEmpty();
  }

  @Test
  void beforeThereAreEnoughOfThemFewerAreCompared() {
    assertThat(track(2, 1).change("x")).isEmpty();
    assertThat(change(track(2, 1, 3))).isEqualTo(new Track.Change(1, 3));
    assertThat(change(track(2, 1, 3, 7))).isEqualTo(new Track.Change(1, 7));
    assertThat(track(2, 1, 3, 7).isFull()).isFalse();
    assertThat(track(2, 1, 3, 7, 9).isFull()).isTrue();
  }

  @Test
  void whatIsRestoredGoesOnAsIfItHadNotBeenSaved() {
    for (int cut = 0; cut <= 6; cut++) {
      double[] values = {1, 3, 100, -100, 6, 10};
      Track first = track(2, java.util.Arrays.copyOf(values, cut));
      Track second = new Track("round", 2);
      second.restore(Json.parseObject(Json.write(first.save()), "test"));
      add(second, cut, java.util.Arrays.copyOfRange(values, cut, 6));
      assertThat(second.save()).isEqualTo(track(2, values).save());
      assertThat(change(second)).isEqualTo(new Track.Change(2, 8));
    }
  }

  @Test
  void aLargerWindowDoesNotMoveTheBeginning() {
    Track wider = new Track("round", 3);
    wider.restore(Json.parseObject(Json.write(track(1, 1, 5, 5).save()), "test"));
    add(wider, 3, 7, 7, 7, 7);
    assertThat(change(wider)).isEqualTo(new Track.Change(1, 7));
  }
}
