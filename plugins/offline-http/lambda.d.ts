/** The parts of serverless-offline that this plugin uses; `serverlessOffline.ts` checks that they exist. */
declare module 'serverless-offline/lambda' {
  export default class Lambda {
    get(functionKey: string): import('./serverlessOffline.ts').LambdaFunction
    getByFunctionName(functionName: string): import('./serverlessOffline.ts').LambdaFunction
  }
}
