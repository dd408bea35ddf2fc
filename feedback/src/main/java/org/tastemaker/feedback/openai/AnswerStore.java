package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import org.tastemaker.feedback.cache.AnswerCache;

/**
 * Where the answers of a judge are cached.
 *
 * @param replay whether only cached answers are used, without calls
 */
record AnswerStore(Path folder, boolean replay) {
  /** Creates the folder, in which the client also stores what it learns about models. */
  void prepare(OpenAiClient.Builder client) {
    if (!replay) {
      AnswerCache.makeFolder(folder);
      client.memory(folder.resolve("capabilities.json"));
    }
  }

  AnswerCache around(ChatGptJudge judge) {
    return replay
        ? AnswerCache.replay(judge.settings(), folder)
        : AnswerCache.of(judge, judge.settings(), folder);
  }
}
