package org.tastemaker.examples.methods;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.tastemaker.core.run.Settings;

/** Curves that no training made. */
final class LongCurves {
  private LongCurves() {}

  /** A curve with some scores, 64 images and 10 s apart. */
  static LongCurve curve(Method method, long seed, double... scores) {
    List<LongCurve.Point> points = new ArrayList<>();
    for (int i = 0; i < scores.length; i++) {
      points.add(
          new LongCurve.Point(
              64 * i, 10.0 * i, scores[i], 2 * i, Map.of("diversity", 0.3 - 0.01 * i)));
    }
    return new LongCurve(
        new LongCurve.Subject(method, method.tuned(), Trained.LORA, seed),
        Settings.none().with("method", method.id()),
        points,
        Map.of());
  }
}
