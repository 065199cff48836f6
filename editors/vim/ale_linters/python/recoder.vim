call recoder#define('python')
