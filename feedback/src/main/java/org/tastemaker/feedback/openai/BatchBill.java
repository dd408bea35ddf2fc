package org.tastemaker.feedback.openai;

import com.squareup.moshi.JsonDataException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Usage;

/**
 * What a batch has cost: of each line that was answered what it says, and its estimate where it
 * does not. Where the server has answered more than came back, the rest counts with estimates too;
 * where it does not count, each question of which nothing came back does.
 *
 * @param model who has answered, where all lines agree; otherwise empty
 * @param used by all that were answered
 * @param unsaid how many of them count with their estimates
 */
record BatchBill(String model, Usage used, long unsaid) {
  static BatchBill of(BatchPart part, BatchResults results, AnswerJson json) {
    Map<String, Usage> asked = part.keys();
    Map<String, BatchResults.Place> found = results.read(part);
    Usage used = Usage.NONE;
    long unsaid = 0;
    long answered = 0;
    @Nullable String model = null;
    for (Map.Entry<String, Usage> question : asked.entrySet()) {
      BatchResults.Place place = found.get(question.getKey());
      if (place == null || place.status() != 200) {
        continue;
      }
      answered++;
      byte[] body = results.outcome(place).body().getBytes(StandardCharsets.UTF_8);
      Billed billed = Billed.read(json, body);
      Usage said = billed.usage();
      if (said == null && isOnlyAnError(part.wire().format(), json, body)) {
        continue; // as for a call: no answer was begun
      }
      used = used.plus(said == null ? question.getValue() : said);
      unsaid += said == null ? 1 : 0;
      model = model == null || model.equals(billed.model()) ? billed.model() : "";
    }
    Long completed = part.state().completed();
    long lost =
        completed != null
            ? Math.min(completed, asked.size()) - answered
            : part.state().batch() == null || "failed".equals(part.state().status())
                ? 0
                : asked.size() - found.size();
    for (Map.Entry<String, Usage> question : asked.entrySet()) {
      if (lost > 0 && !found.containsKey(question.getKey())) {
        used = used.plus(question.getValue());
        unsaid++;
        lost--;
      }
    }
    return new BatchBill(model == null ? "" : model, used, unsaid);
  }

  private static <B> boolean isOnlyAnError(CallFormat<B> format, AnswerJson json, byte[] body) {
    try {
      return format.isOnlyAnError(json.read(format.form(), body));
    } catch (JsonDataException e) {
      return false;
    }
  }
}
