/** What this plugin uses of serverless-offline; `serverlessOffline.ts` checks that it is there. */
declare module 'serverless-offline/lambda' {
  export default class Lambda {
    get(functionKey: string): import('./serverlessOffline.ts').LambdaFunction
    getByFunctionName(functionName: string): import('./serverlessOffline.ts').LambdaFunction
  }
}
