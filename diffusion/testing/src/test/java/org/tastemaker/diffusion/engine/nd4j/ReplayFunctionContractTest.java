package org.tastemaker.diffusion.engine.nd4j;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.engine.Engines;
import org.tastemaker.diffusion.testing.engine.FunctionContract;
import org.tastemaker.diffusion.testing.engine.MemoryUse;

class ReplayFunctionContractTest extends FunctionContract {
  @Override
  protected Engine engine() {
    return Engines.named("replay");
  }

  @Override
  protected Class<?> memoryProgram() {
    return MemoryProgram.class;
  }

  static final class MemoryProgram {
    public static void main(String[] arguments) {
      MemoryUse.print(Engines.named("replay"));
    }
  }
}
