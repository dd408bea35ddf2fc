package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.FunctionContract;
import org.tastemaker.diffusion.testing.engine.MemoryUse;

class TorchFunctionContractTest extends FunctionContract {
  @Override
  protected Engine engine() {
    return TestEngines.float32();
  }

  @Override
  protected Class<?> memoryProgram() {
    return MemoryProgram.class;
  }

  static final class MemoryProgram {
    public static void main(String[] arguments) {
      MemoryUse.print(TestEngines.float32());
    }
  }
}
